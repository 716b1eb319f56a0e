/** Delivery outside of any schedule: for the commands that send what is stored. */

import type { Metric } from "../core/metric.ts";
import { droppedTotal } from "../delivery/ledger.ts";
import { createWorker } from "../delivery/worker.ts";
import { backendsOf } from "./parts.ts";
import type { AgentPorts, HandlerConfig } from "./agent_contract.ts";

export interface DeliveryJob {
  readonly delivered: number;
  /** Metrics that wait in memory. */
  readonly queued: number;
  readonly spooled: number;
  /** Given up, with the reason of each kind. */
  readonly dropped: number;
  /** What keeps it from delivering; undefined while it works. */
  readonly trouble: string | undefined;
  send(metrics: readonly Metric[]): void;
  /** Waits for what was sent to be delivered, at most so long. */
  stop(seconds: number): Promise<void>;
}

/** One job for each backend of a handler. What is in its spool is delivered too if the ports have one. */
export function deliveryJobs(part: HandlerConfig, ports: AgentPorts): DeliveryJob[] {
  const { host, log, random, spools } = ports;
  return backendsOf(part).map(({ section: name, handler, options }) => {
    const worker = createWorker({
      name,
      receipt: handler.receipt,
      largest: handler.largest?.(options),
      ordered: handler.ordered,
      sink: handler.open({ host, options, log }),
      options: { ...options, spool: spools === undefined ? "off" : "outage" },
      spools,
      saved: undefined,
      clock: host.clock,
      log,
      random,
    });
    if (spools !== undefined) worker.flushSpool();
    return {
      get delivered() {
        return worker.ledger.delivered + worker.ledger.unconfirmed;
      },
      get queued() {
        return worker.queued;
      },
      get spooled() {
        return worker.spooled;
      },
      get dropped() {
        return droppedTotal(worker.ledger);
      },
      get trouble() {
        return worker.trouble?.message;
      },
      send(metrics) {
        worker.offer(metrics);
        worker.flush();
      },
      stop: (seconds) => worker.stop(seconds),
    };
  });
}
