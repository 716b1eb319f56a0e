/** The agent's state at a glance: one model, for whoever shows it. */

import type { Host } from "../ports/host.ts";
import {
  type CollectorStatus,
  collectorStatus,
  collectorThatIsOff,
  missingCollector,
} from "./collector_status.ts";
import {
  handlerProblems,
  type HandlerStatus,
  handlerStatus,
  handlerThatIsOff,
  missingHandler,
} from "./handler_status.ts";
import type { Losses } from "./losses.ts";
import type { AgentState } from "./self_metrics.ts";

export type { CollectorStatus, ReportedError } from "./collector_status.ts";
export type { HandlerStatus } from "./handler_status.ts";

/** Times are milliseconds since the epoch. */
export interface Status {
  readonly now: number;
  /** The name of this host. */
  readonly host: string;
  /** Of the agent. */
  readonly version?: string;
  readonly pid: number;
  readonly started: number;
  readonly rss: number;
  /** Milliseconds of CPU time since the start. */
  readonly cpu: number;
  readonly maxMemory: number;
  readonly configuration?: ConfigurationStatus;
  /** Where the log goes. */
  readonly log?: readonly string[];
  /** With those that are missing, and those that are off. */
  readonly collectors: readonly CollectorStatus[];
  readonly handlers: readonly HandlerStatus[];
  /** Why it is degraded; empty where it is healthy. */
  readonly degraded: readonly string[];
}

/** The configuration in force, and the one on disk where that is another. */
export interface ConfigurationStatus {
  readonly file: string;
  readonly inForceSince: number;
  /** What is wrong with the one in force: `file:line: error: message`. */
  readonly problems: readonly string[];
  /** Which of its files others may change or read: no reason to be degraded. */
  readonly permissions: readonly string[];
  /** Absent where the one on disk is in force. */
  readonly onDisk?: {
    /** Why it was refused; empty if no reload has been requested yet. */
    readonly problems: readonly string[];
    readonly since: number;
  };
}

interface StatusContext {
  readonly started: number;
  readonly version?: string;
  readonly maxMemory: number;
  readonly off?: Readonly<Record<"collectors" | "handlers", readonly string[]>>;
  readonly configuration?: ConfigurationStatus;
  readonly log?: readonly string[];
  /** What the agent itself cannot do, and why; undefined where it can. */
  readonly problems?: Readonly<Record<string, string | undefined>>;
  readonly losses: Losses;
  /** Where a handler sends to. */
  destination(handler: string): string | undefined;
}

export function statusOf(
  { runners, workers, missing }: AgentState,
  { self, clock, names }: Host,
  { started, version, maxMemory, off, configuration, log, problems, losses, destination }:
    StatusContext,
): Status {
  const now = clock.now();
  const missingOnes = (kind: string) => missing.filter((one) => one.kind === kind);
  const collectors = [
    ...runners.map((runner) => collectorStatus(runner, now, started)),
    ...missingOnes("collector").map((one) => missingCollector(one, now)),
    ...(off?.collectors ?? []).map(collectorThatIsOff),
  ];
  const handlers = [
    ...workers.map((worker) => handlerStatus(worker, destination(worker.name), now)),
    ...missingOnes("handler").map((one) => missingHandler(one, now)),
    ...(off?.handlers ?? []).map(handlerThatIsOff),
  ];
  const rss = self.rss();
  const degraded = [
    ...configurationProblems(configuration),
    ...handlers.flatMap((handler) => handlerProblems(handler, losses, now)),
    ...collectors.flatMap(collectorProblems),
    ...runners.flatMap(({ name, crowd }) => crowd === undefined ? [] : `${name}: ${crowd.message}`),
    ...Object.entries(problems ?? {}).flatMap(([what, why]) => why ? `${what}: ${why}` : []),
    ...(rss > maxMemory ? [`memory is over max_memory`] : []),
  ];
  const { pid } = self;
  const [name, cpu] = [names.hostname(), self.cpu() / 1000];
  return {
    ...{ now, host: name, version, pid, started, rss, cpu, maxMemory, configuration, log },
    ...{ collectors, handlers, degraded },
  };
}

function configurationProblems(configuration: ConfigurationStatus | undefined): string[] {
  if (configuration === undefined) return [];
  const { problems, onDisk } = configuration;
  const found: string[] = [];
  if (problems.length > 0) found.push(`the configuration has ${errors(problems)}`);
  if (onDisk === undefined) return found;
  const time = new Date(onDisk.since).toISOString().slice(0, 19).replace("T", " ");
  const what = onDisk.problems.length > 0 ? errors(onDisk.problems) : "other lines";
  return [...found, `on disk: ${what}, not in force since ${time} UTC`];
}

function errors(problems: readonly string[]): string {
  return problems.length === 1 ? "1 error" : `${problems.length} errors`;
}

function collectorProblems({ name, state }: CollectorStatus): string[] {
  if (state === "failing") return [`${name} fails`];
  if (state === "no data") return [`${name} has no data`];
  return state === "missing" ? [`${name} is missing`] : [];
}
