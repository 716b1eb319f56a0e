/** Answers a query: values fall into buckets of equal length, each with its least, mean and largest value. */

import type { HistoryAnswer, HistoryQuery } from "../ports/history.ts";
import type { DecodedBlock } from "./block.ts";
import { Buckets } from "./buckets.ts";
import { seriesOfSummary, SUMMARY_STEP, summaryColumn } from "./summary.ts";

/** Buckets of all series of one answer, so that no query takes the agent's memory. */
const MAX_CELLS = 500_000;
/** Steps that people read easily: 1 s to a day. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];

export interface Collecting {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  /** Takes points as they were published. */
  addRaw(block: DecodedBlock): void;
  addSummary(block: DecodedBlock): void;
  answer(): HistoryAnswer;
}

/** Throws a RangeError where the answer would be too large. */
export function createCollecting(
  { from, to, maxPoints }: HistoryQuery,
  wanted: ReadonlyMap<number, string>,
): Collecting {
  const step = stepOf(Math.max(1, to - from) / Math.max(1, maxPoints));
  const start = from - from % step;
  const count = Math.floor((to - start) / step) + 1;
  if (count * wanted.size > MAX_CELLS) {
    throw new RangeError(
      `${wanted.size} series with ${count} values each are too many for one answer (${MAX_CELLS})`,
    );
  }
  const found = new Map<number, Buckets>();

  function bucketsOf(series: number): Buckets {
    let buckets = found.get(series);
    if (buckets === undefined) found.set(series, buckets = new Buckets(count));
    return buckets;
  }

  function add(series: number, time: number, min: number, mean: number, max: number): void {
    const slot = Math.floor((time - start) / step);
    if (slot < 0 || slot >= count || Number.isNaN(mean)) return;
    // A path without a value has no buckets, and is left out of the answer.
    bucketsOf(series).add(slot, min, mean, max);
  }

  return {
    start,
    end: start + count * step,
    step,
    addRaw({ times, columns }) {
      for (const { series, values } of columns) {
        values.forEach((value, at) => add(series, times[at], value, value, value));
      }
    },
    addSummary({ times, columns }) {
      const byNumber = new Map(columns.map((column) => [column.series, column.values]));
      const numbers = new Set(columns.map((column) => seriesOfSummary(column.series)));
      for (const series of numbers) {
        const [min, mean, max] = (["min", "mean", "max"] as const).map((part) =>
          byNumber.get(summaryColumn(series, part))!
        );
        times.forEach((time, at) => add(series, time, min[at], mean[at], max[at]));
      }
    },
    answer: () => ({
      start,
      step,
      series: [...found].map(([number, buckets]) => ({
        path: wanted.get(number)!,
        min: buckets.min,
        max: buckets.max,
        mean: buckets.mean(),
      })),
    }),
  };
}

/** Whether buckets are long enough for summaries to fill them. */
export function takesSummaries(step: number): boolean {
  return step >= SUMMARY_STEP;
}

function stepOf(seconds: number): number {
  return STEPS.find((step) => step >= seconds) ?? Math.ceil(seconds / 86_400) * 86_400;
}
