/** What an emitter knows of its series, for those who ask where a value came from. */

import type { EmitOptions, MetricSpec } from "./collector.ts";
import type { Series } from "./metric.ts";
import type { Sample } from "./rates.ts";

export interface Emitted {
  readonly series: Series;
  readonly form: MetricSpec["form"];
  /** Neither `metrics_whitelist` nor `metrics_blacklist` keeps it back. */
  readonly allowed: boolean;
  /** Multiplies what is published; absent: nothing does. */
  readonly scale?: number;
  /** Where the cumulative value wraps in `rates = diamond`; 0: it does not. */
  readonly max: number;
  /** Runs since it came up last; 0: it was in the last one. */
  readonly runsAgo: number;
  /** The last two cumulative values that a rate is made of, the older one first; times are monotonic milliseconds. */
  readonly samples: readonly Sample[];
  /** What was published last, in seconds since the epoch; undefined before that. */
  readonly last?: { readonly value: number; readonly time: number };
}

interface Slot extends Sample {
  readonly series: Series;
  readonly spec: MetricSpec;
  readonly allowed: boolean;
  readonly extras: EmitOptions | undefined;
  readonly seen: number;
  readonly before: number | bigint;
  readonly beforeAt: number;
  readonly published: number;
  readonly publishedAt: number;
}

/** `run`: the number of the last one. */
export function* emittedOf(slots: Iterable<Slot>, run: number): Generator<Emitted> {
  for (const slot of slots) {
    const { series, spec, allowed, extras, seen, value, at, before, beforeAt } = slot;
    const samples = [{ value: before, at: beforeAt }, { value, at }];
    const { published, publishedAt } = slot;
    yield {
      series,
      form: spec.form,
      allowed,
      scale: extras?.scale,
      max: spec.max,
      runsAgo: run - seen,
      samples: samples.filter((sample) => Number.isFinite(sample.at)),
      last: Number.isFinite(publishedAt) ? { value: published, time: publishedAt } : undefined,
    };
  }
}
