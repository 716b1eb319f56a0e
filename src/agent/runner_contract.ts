/** What the agent knows of a collector at work. */

import type { Emitted } from "../core/emitted.ts";
import type { SavedSamples } from "../core/emitter.ts";
import type { ErrorState } from "../core/error_reporter.ts";
import type { Metric } from "../core/metric.ts";
import type { RunRecord } from "./run_record.ts";

/** What a collector has logged itself. */
export interface LoggedLine {
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface CollectorRunner {
  readonly name: string;
  /** Seconds. */
  readonly interval: number;
  /** Seconds into the interval. */
  readonly offset: number;
  readonly record: Readonly<RunRecord>;
  /** The file of a plugin. */
  readonly file: string | undefined;
  /** The error that lasts; undefined while runs succeed. */
  readonly trouble: ErrorState | undefined;
  /** Why there is nothing to collect; undefined where there is. */
  readonly absence: ErrorState | undefined;
  /** Which values of the last runs were no numbers. */
  readonly refusal: ErrorState | undefined;
  /** Its series have come to their limit. */
  readonly crowd: ErrorState | undefined;
  /** The last warning or error that the collector logged itself. */
  readonly logged: LoggedLine | undefined;
  /** What the last run published. */
  readonly latest: readonly Metric[];
  /** All series that it knows, published or not. */
  emitted(): Iterable<Emitted>;
  /** Slots that passed without a run: the host slept, its clock was set, or the agent had no time. */
  skip(slots: number): void;
  /** The last values of counters, for the next start. */
  save(offset: number): SavedSamples;
  /** Runs once. Its metrics are there at once where the collector is synchronous. Never rejects. */
  run(timestamp: number): Outcome | Promise<Outcome>;
  /** Ends a run that is under way, its commands and connections with it, and closes the state. */
  dispose(): Promise<void>;
}

export interface Outcome {
  readonly metrics: readonly Metric[];
  readonly error: unknown;
  /** Which values were no numbers, in words. */
  readonly refusal?: string;
}
