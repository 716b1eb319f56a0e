/** The agent's state at a glance, for `status`. */

import type { Receipt } from "../core/handler.ts";
import type { Host } from "../ports/host.ts";
import type { ErrorState } from "../core/error_reporter.ts";
import { droppedTotal, imbalance, type Ledger } from "../delivery/ledger.ts";
import type { Worker } from "../delivery/worker.ts";
import { adviceForCollector, adviceForHandler } from "./advice.ts";
import type { CollectorRunner, RunRecord } from "./collector_runner.ts";
import type { AgentState } from "./self_metrics.ts";

/** Times are milliseconds since the epoch. */
export interface Status {
  readonly now: number;
  readonly pid: number;
  readonly started: number;
  readonly rss: number;
  readonly maxMemory: number;
  readonly collectors: readonly CollectorStatus[];
  readonly handlers: readonly HandlerStatus[];
  /** Why it is degraded; empty where all is well. */
  readonly degraded: readonly string[];
}

export interface ReportedError extends ErrorState {
  readonly advice: string;
}

export interface CollectorStatus extends RunRecord {
  readonly name: string;
  /** Seconds. */
  readonly interval: number;
  /** `absent`: there is nothing to collect on this host, which is no fault. */
  readonly state: "ok" | "waiting" | "absent" | "failing";
  readonly absent?: string;
  readonly error?: ReportedError;
}

export interface HandlerStatus extends Ledger {
  readonly name: string;
  readonly receipt: Receipt;
  /** `draining`: it works, and delivers what had to wait. */
  readonly state: "ok" | "draining" | "failing";
  readonly queued: number;
  readonly spooled: number;
  readonly spoolBytes: number;
  /** Age of the oldest point that waits, in seconds. */
  readonly behind?: number;
  /** Seconds from the slot of the last new points to the end of their write. */
  readonly lag?: number;
  /** Points that the books cannot account for: a defect where it is not 0. */
  readonly imbalance: number;
  readonly error?: ReportedError;
}

/** Seconds that points may wait without anybody worrying, beyond the interval. */
const BEHIND_SECONDS = 60;

export function statusOf(
  { runners, workers }: AgentState,
  { self, clock }: Host,
  { started, maxMemory }: Pick<Status, "started" | "maxMemory">,
): Status {
  const now = clock.now();
  const collectors = runners.map(collectorStatus);
  const handlers = workers.map((worker) => handlerStatus(worker, now));
  const rss = self.rss();
  const degraded = [
    ...collectors.filter(({ state }) => state === "failing").map(({ name }) => `${name} fails`),
    ...handlers.flatMap(reasons),
    ...(rss > maxMemory ? [`memory is over max_memory`] : []),
  ];
  return { now, pid: self.pid, started, rss, maxMemory, collectors, handlers, degraded };
}

function collectorStatus(
  { name, interval, record, trouble, absent }: CollectorRunner,
): CollectorStatus {
  const state = trouble !== undefined
    ? "failing"
    : absent !== undefined
    ? "absent"
    : record.runs === 0
    ? "waiting"
    : "ok";
  return {
    name,
    interval,
    state,
    ...record,
    absent,
    error: trouble && { ...trouble, advice: adviceForCollector(trouble) },
  };
}

function handlerStatus(worker: Worker, now: number): HandlerStatus {
  const { name, receipt, ledger, queued, spooled, spoolBytes, oldest, lag, trouble } = worker;
  const state = trouble !== undefined ? "failing" : spooled > 0 ? "draining" : "ok";
  return {
    name,
    receipt,
    state,
    ...ledger,
    queued,
    spooled,
    spoolBytes,
    behind: oldest === undefined ? undefined : Math.max(0, now / 1000 - oldest),
    lag,
    imbalance: imbalance(ledger, queued, spooled),
    error: trouble && { ...trouble, advice: adviceForHandler(trouble) },
  };
}

function reasons(handler: HandlerStatus): string[] {
  const { name, state, behind = 0, imbalance: missing } = handler;
  const found: string[] = [];
  if (state === "failing") found.push(`${name} cannot deliver`);
  else if (state === "draining" && behind > BEHIND_SECONDS) {
    found.push(`${name} still delivers what had to wait`);
  }
  const dropped = droppedTotal(handler);
  if (dropped > 0) found.push(`${name} has dropped ${dropped} metrics`);
  if (missing !== 0) found.push(`${name} cannot account for ${missing} metrics: please report it`);
  return found;
}
