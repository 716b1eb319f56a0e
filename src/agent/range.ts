/** The values of series over a range of time, from the agent's history. */

import { configError } from "../core/errors.ts";
import type { History } from "../ports/history.ts";

export interface RangeQuery {
  readonly paths: readonly string[];
  /** Seconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Buckets in the answer, at most. */
  readonly points: number;
}

/** What a history says of a range, for JSON: null where a bucket has no value. */
export interface RangeAnswer {
  readonly start: number;
  readonly step: number;
  readonly series: readonly RangeSeries[];
}

interface RangeSeries {
  readonly path: string;
  readonly min: readonly (number | null)[];
  readonly mean: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

/** Throws `config` where there is no history, or the answer would be too large. */
export function readRange(history: History | undefined, query: RangeQuery): RangeAnswer {
  const { paths, from, to, points } = query;
  const past = historyOf(history);
  if (![from, to, points].every(Number.isFinite) || !(from <= to) || !Array.isArray(paths)) {
    throw configError("cannot read the history: a range needs paths, from, to and points");
  }
  try {
    const { start, step, series } = past.read({ paths, from, to, maxPoints: points });
    return {
      start,
      step,
      series: series.map(({ path, min, mean, max }) => ({
        path,
        min: nullable(min),
        mean: nullable(mean),
        max: nullable(max),
      })),
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw configError(`cannot read the history: ${error.message}`);
  }
}

/** Throws `config` where there is none. */
export function historyOf(history: History | undefined): History {
  if (history !== undefined) return history;
  throw configError(
    "this agent keeps no history: add HistoryHandler to [server] handlers, and reload",
  );
}

function nullable(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => Number.isNaN(value) ? null : value);
}
