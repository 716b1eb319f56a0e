/** Publishes the agent's own state as metrics. It is a collector like any other, and reads the agent's ledgers. */

import {
  type AnyCollector,
  defineCollector,
  type Emit,
  everySystem,
  gauge,
  SELF_NAME,
} from "../core/collector.ts";
import type { PluginLoader } from "../ports/plugins.ts";
import { number } from "../core/option.ts";
import { droppedTotal, dropReasons } from "../delivery/ledger.ts";
import type { Worker } from "../delivery/worker.ts";
import type { CollectorRunner } from "./runner_contract.ts";
import { collectorState } from "./collector_state.ts";
import type { Missing } from "./missing.ts";
import { OwnUsage, PluginUsage } from "./own_usage.ts";

/** `lean`: totals only. `full`: also each collector and handler by name. */
export type SelfMetrics = "off" | "lean" | "full";

export interface AgentState {
  readonly selfMetrics: SelfMetrics;
  readonly runners: readonly CollectorRunner[];
  readonly workers: readonly Worker[];
  /** Enabled collectors and handlers that are not running. */
  readonly missing: readonly Missing[];
}

/** Nine, and a tenth once something was left out. */
const leanMetrics = {
  "degraded": gauge("Collectors and handlers that are enabled and not well: see status"),
  "collected": gauge("Metrics given to the handlers, over all starts"),
  "delivered": gauge("Metrics that the backends took"),
  "queued": gauge("Metrics that wait in memory"),
  "spooled": gauge("Metrics that wait on disk"),
  "dropped": gauge("Metrics that were given up"),
  "left_out": gauge("Series and values that were over a limit, from the first one on"),
  "lag": gauge("The longest time from a slot to the end of its write, of all handlers", 3, "s"),
  "process.rss": gauge("Resident memory", 0, "byte"),
  "process.cpu_percent": gauge(
    "CPU time, of one CPU, over the last interval and at least 5 s",
    2,
    "percent",
  ),
};

const metrics = {
  ...leanMetrics,
  "collectors.{collector}.runs": gauge("Runs since the start"),
  "collectors.{collector}.failures": gauge("Runs that failed"),
  "collectors.{collector}.skipped": gauge(
    "Slots that passed without a run: the last one was busy, or failing",
  ),
  "collectors.{collector}.points": gauge("Metrics published since the start"),
  "collectors.{collector}.refused": gauge("Values that were no numbers"),
  "collectors.{collector}.left_out": gauge("Series and values that were over a limit"),
  "collectors.{collector}.milliseconds": gauge("Duration of the last run", 3, "ms"),
  "handlers.{handler}.collected": gauge("Metrics given to the handler, over all starts"),
  "handlers.{handler}.delivered": gauge("Metrics that the backend took"),
  "handlers.{handler}.unconfirmed": gauge("Metrics that were sent, and may still be lost"),
  "handlers.{handler}.queued": gauge("Metrics that wait in memory"),
  "handlers.{handler}.spooled": gauge("Metrics that wait on disk"),
  "handlers.{handler}.spool_bytes": gauge("Room that they take on disk", 0, "byte"),
  "handlers.{handler}.resent": gauge("Metrics sent again after a connection broke"),
  "handlers.{handler}.lag": gauge(
    "Time from the slot of the last new metrics to the end of their write",
    3,
    "s",
  ),
  "handlers.{handler}.retries": gauge("Writes that failed and were tried again"),
  "handlers.{handler}.dropped.{reason}": gauge("Metrics that were given up, by reason"),
  "custom.rss": gauge("Resident memory of the processes with custom collectors", 0, "byte"),
  "custom.cpu_percent": gauge("Their CPU time, of one CPU", 2, "percent"),
  "custom.restarts": gauge("How often they were started again"),
};

type SelfEmit = Emit<typeof metrics>;

/** The agent's own collectors, to be resolved with the others. */
export function ownCollectors(
  agentState: () => AgentState,
  processes: PluginLoader["figures"] = () => [],
): Readonly<Record<string, AnyCollector>> {
  return { [SELF_NAME]: selfCollector(agentState, processes) };
}

/** The state when no agent is running. */
export const NO_STATE: AgentState = {
  selfMetrics: "off",
  runners: [],
  workers: [],
  missing: [],
};

/** Creates the collector. `agentState` is called at each run, because a reload replaces runners and workers. */
function selfCollector(agentState: () => AgentState, processes: PluginLoader["figures"]) {
  const own = new OwnUsage();
  const plugins = new PluginUsage();
  return defineCollector({
    name: SELF_NAME,
    doc: "The agent itself: what it collected, delivered, dropped, and what it costs",
    path: "diamond",
    systems: everySystem,
    options: {
      interval: number(60, "Seconds from run to run; also taken from [[default]]", { min: 0.1 }),
    },
    metrics,

    collect({ host, emit, elapsed }) {
      const state = agentState();
      emitSums(emit, sumsOf(state, host.clock.now()));
      own.look(host);
      emit("process.rss", own.rss);
      if (own.cpuPercent !== undefined) emit("process.cpu_percent", own.cpuPercent);
      if (state.selfMetrics !== "full") return;
      emitRunners(emit, state.runners);
      emitWorkers(emit, state.workers);
      const others = processes();
      if (others.length === 0) return;
      const { rss, cpuPercent, restarts } = plugins.sum(others, elapsed);
      emit("custom.rss", rss);
      if (cpuPercent !== undefined) emit("custom.cpu_percent", cpuPercent);
      emit("custom.restarts", restarts);
    },
  });
}

function emitSums(emit: SelfEmit, sums: Sums): void {
  emit("degraded", sums.degraded);
  emit("collected", sums.collected);
  emit("delivered", sums.delivered);
  emit("queued", sums.queued);
  emit("spooled", sums.spooled);
  emit("dropped", sums.dropped);
  if (sums.leftOut > 0) emit("left_out", sums.leftOut);
  if (sums.lag > -Infinity) emit("lag", sums.lag);
}

function emitRunners(emit: SelfEmit, runners: readonly CollectorRunner[]): void {
  for (const { name, record } of runners) {
    const part = component(name);
    emit("collectors.{collector}.runs", record.runs, part);
    emit("collectors.{collector}.failures", record.failures, part);
    emit("collectors.{collector}.skipped", record.skipped, part);
    emit("collectors.{collector}.points", record.points, part);
    emit("collectors.{collector}.refused", record.refused, part);
    emit("collectors.{collector}.left_out", record.leftOut, part);
    emit("collectors.{collector}.milliseconds", record.milliseconds, part);
  }
}

function emitWorkers(emit: SelfEmit, workers: readonly Worker[]): void {
  for (const { name, ledger, queued, spooled, spoolBytes, lag } of workers) {
    const part = component(name);
    emit("handlers.{handler}.collected", ledger.collected, part);
    emit("handlers.{handler}.delivered", ledger.delivered, part);
    emit("handlers.{handler}.unconfirmed", ledger.unconfirmed, part);
    emit("handlers.{handler}.queued", queued, part);
    emit("handlers.{handler}.spooled", spooled, part);
    emit("handlers.{handler}.spool_bytes", spoolBytes, part);
    emit("handlers.{handler}.resent", ledger.resent, part);
    if (lag !== undefined) emit("handlers.{handler}.lag", lag, part);
    emit("handlers.{handler}.retries", ledger.retries, part);
    for (const reason of dropReasons) {
      emit("handlers.{handler}.dropped.{reason}", ledger.dropped[reason], part, reason);
    }
  }
}

const NO_SUMS = {
  degraded: 0,
  collected: 0,
  delivered: 0,
  queued: 0,
  spooled: 0,
  dropped: 0,
  leftOut: 0,
  lag: -Infinity,
};
type Sums = typeof NO_SUMS;
const sums: Sums = { ...NO_SUMS };

/** Over all handlers and collectors. The same object each time. */
function sumsOf({ runners, workers, missing }: AgentState, now: number): Sums {
  Object.assign(sums, NO_SUMS);
  sums.degraded = missing.length;
  for (const runner of runners) {
    const state = collectorState(runner, now);
    sums.leftOut += runner.record.leftOut;
    if (state !== "ok" && state !== "waiting") sums.degraded++;
  }
  for (const { ledger, queued, spooled, lag = -Infinity, trouble } of workers) {
    if (trouble !== undefined) sums.degraded++;
    sums.collected += ledger.collected;
    sums.delivered += ledger.delivered;
    sums.queued += queued;
    sums.spooled += spooled;
    sums.dropped += droppedTotal(ledger);
    sums.lag = Math.max(sums.lag, lag);
  }
  return sums;
}

/** By name: they come again at every run. */
const components = new Map<string, string>();
/** More names than this are of reloads long ago. */
const MAX_COMPONENTS = 1000;

/** A name as one component of a path: an instance's has blanks, and may have dots. */
function component(name: string): string {
  let part = components.get(name);
  if (part === undefined) {
    part = name.replace(/[^\w-]+/g, "_");
    if (components.size >= MAX_COMPONENTS) components.clear();
    components.set(name, part);
  }
  return part;
}
