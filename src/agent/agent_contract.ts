/** What an agent is given, and what it can be asked. */

import type { AnyCollector, CommonValues } from "../core/collector.ts";
import type { AnyHandler, DeliveryValues } from "../core/handler.ts";
import type { Host } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { MemoryMode } from "../ports/process.ts";
import type { Spools } from "../ports/spool.ts";
import type { Missing } from "./missing.ts";
import type { CollectorRunner } from "./runner_contract.ts";
import type { Outage } from "./outages.ts";
import type { AgentState, SelfMetrics } from "./self_metrics.ts";
import type { StateStore } from "./state.ts";
import type { RangeAnswer, RangeQuery } from "./range.ts";
import type { SeriesAnswer, SeriesQuery } from "./series.ts";
import type { ConfigurationStatus, Status } from "./status.ts";
import type { Taps } from "./taps.ts";

/** The part of the settings that the agent works by. */
export interface AgentSettings {
  readonly server: {
    readonly self_metrics: SelfMetrics;
    readonly stop_timeout: number;
    readonly max_memory: number;
    readonly max_series?: number;
    readonly memory?: MemoryMode;
  };
  readonly collectors: readonly CollectorConfig[];
  readonly handlers: readonly HandlerConfig[];
  /** What is enabled and cannot run. */
  readonly leftOut?: readonly Pick<Missing, "kind" | "section" | "reason">[];
  /** What has a section and is not in use. */
  readonly off?: Readonly<Record<"collectors" | "handlers", readonly string[]>>;
}

export interface CollectorConfig {
  /** The section's name: the collector's, or an instance's. */
  readonly section: string;
  readonly collector: AnyCollector;
  readonly options: CommonValues & Readonly<Record<string, unknown>>;
  readonly origins: ReadonlyMap<string, unknown>;
}

export interface HandlerConfig {
  readonly section: string;
  readonly handler: AnyHandler;
  readonly options: DeliveryValues & Readonly<Record<string, unknown>>;
  readonly origins?: ReadonlyMap<string, unknown>;
}

/** A collector at work, with what it was made of. */
export interface RunningCollector {
  readonly part: CollectorConfig;
  readonly hostname: string | null;
  readonly runner: CollectorRunner;
}

/** Everything that is at work. */
export interface RunningParts {
  readonly collectors: readonly RunningCollector[];
  readonly handlers: readonly { readonly part: HandlerConfig }[];
}

export interface Agent {
  /** Throws `config` where no collector or no handler can work. */
  start(settings: AgentSettings): Promise<void>;
  /** Takes over other settings. Throws before anything is changed. */
  reload(settings: AgentSettings): Promise<string[]>;
  /** Ends runs, flushes within the `stop_timeout`, closes all. */
  stop(): Promise<void>;
  state(): AgentState;
  status(): Status;
  /** Series with their values, now or in the past. Throws `config`. */
  series(query: SeriesQuery): SeriesAnswer;
  /** Values of a range of time. Throws `config` where no history is kept. */
  range(query: RangeQuery): RangeAnswer;
  /** When handlers could not deliver, between two times in seconds since the epoch; the oldest first. */
  outages(from: number, to: number): readonly Outage[];
  /** For those who watch points as they pass. */
  readonly taps: Taps;
  parts(): RunningParts;
  /** Sends what a handler has spooled at once, without regard to its rate. False where there is no such handler. */
  flushSpool(handler: string): boolean;
  /** Gives up what a handler has spooled; how many metrics. Undefined where there is no such handler. */
  dropSpool(handler: string): number | undefined;
}

/** What the agent needs besides the host. */
export interface AgentPorts {
  readonly host: Host;
  readonly log: Log;
  readonly random: () => number;
  readonly version?: string;
  /** Undefined where nothing is to be kept on disk. */
  readonly spools?: Spools;
  readonly state?: StateStore;
  /** Which /proc and the like is looked at: counters of another one mean nothing. */
  readonly view?: string;
  /** The configuration in force, and whether it is the one on disk. */
  readonly configuration?: () => ConfigurationStatus;
  /** Where the log goes, for people. */
  readonly logPlaces?: readonly string[];
  /** Why the log cannot be written now. */
  logProblem?(): string | undefined;
  /** Why the page cannot be served; undefined where it is, or is not wanted. */
  pageProblem?(): string | undefined;
  /** Checks the ledgers after each tick. */
  readonly audit?: boolean;
}
