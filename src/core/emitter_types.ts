/** What goes into an emitter, and what comes out of it. */

import type { EmitOptions, MetricSpec } from "./collector.ts";
import type { Emitted } from "./emitted.ts";
import type { Metric } from "./metric.ts";
import type { Naming } from "./naming.ts";
import type { Patterns } from "./option.ts";
import type { RateMode } from "./rates.ts";
import type { SeriesLimit } from "./series_limit.ts";

export interface EmitterSettings {
  readonly naming: Naming;
  /** Seconds. */
  readonly interval: number;
  readonly ttl: number;
  readonly rates: RateMode;
  readonly whitelist: Patterns;
  readonly blacklist: Patterns;
  /** By pattern; a name that is not in it is refused unless `free` is set. */
  readonly metrics: Readonly<Record<string, MetricSpec>>;
  /** A user's collector may leave `metrics` out: then any name is a gauge. */
  readonly free: boolean;
  readonly limit?: SeriesLimit;
  /** Samples of an earlier process, their times on this one's monotonic clock once `offset` is taken off. */
  readonly saved?: { readonly samples: SavedSamples; readonly offset: number };
}

export interface Emitter {
  /** Begins a run: all of its metrics carry `timestamp` (seconds); `monotonic` (ms) is what rates measure by. */
  begin(timestamp: number, monotonic: number): void;
  emit(
    pattern: string,
    value: number | bigint,
    ...rest: (string | EmitOptions)[]
  ): number | undefined;
  delta(key: string, value: number | bigint, max?: number): number | undefined;
  readonly elapsed: number;
  /** Ends a run: its metrics and the values that were refused. A run that failed keeps what it had published. */
  end(): Run;
  /** The last values of counters, for another process; `offset` (ms) is added to their times. */
  save(offset: number): SavedSamples;
  /** All series that it knows, published or not. */
  emitted(): Iterable<Emitted>;
}

/** Key, value (a bigint as a text), and when, in milliseconds since the boot. */
export type SavedSample = readonly [key: string, value: number | string, at: number];

/** The last values of one collector's counters. */
export interface SavedSamples {
  readonly series: readonly SavedSample[];
  readonly deltas: readonly SavedSample[];
  /** Of the last run. */
  readonly at: number | null;
}

export interface Run {
  readonly metrics: readonly Metric[];
  readonly refused: number;
  /** Values that a limit of series has left out. */
  readonly leftOut: number;
  /** Why the first one was refused or left out. */
  readonly reason: string | undefined;
  /** The first series whose name or precision had to be mended. */
  readonly mended: string | undefined;
  /** The first path that came twice. */
  readonly doubled: string | undefined;
}
