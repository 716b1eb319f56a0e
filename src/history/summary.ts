/** Summaries: the least, the mean and the largest value of each series in each five minutes. */

import type { Column, DecodedBlock } from "./block.ts";
import { Buckets } from "./buckets.ts";

/** Seconds. */
export const SUMMARY_STEP = 300;
const PARTS = 3;

/** A block of three columns for each series: `3·n`, `3·n + 1` and `3·n + 2` for the series `n`. */
export function summarise({ times, columns }: DecodedBlock): DecodedBlock {
  const starts = [...new Set(Array.from(times, startOf))];
  const slots = Int32Array.from(times, (time) => starts.indexOf(startOf(time)));
  return {
    times: Float64Array.from(starts),
    columns: columns.flatMap((column) => summariesOf(column, slots, starts.length)),
  };
}

export function summaryColumn(series: number, part: "min" | "mean" | "max"): number {
  return PARTS * series + ["min", "mean", "max"].indexOf(part);
}

export function seriesOfSummary(column: number): number {
  return Math.floor(column / PARTS);
}

function startOf(time: number): number {
  return time - time % SUMMARY_STEP;
}

function summariesOf(column: Column, slots: Int32Array, count: number): Column[] {
  const buckets = new Buckets(count);
  column.values.forEach((value, at) => buckets.add(slots[at], value, value, value));
  const { series, precision } = column;
  return [
    { series: summaryColumn(series, "min"), precision, values: buckets.min },
    // A mean has more decimals than what it is made of.
    { series: summaryColumn(series, "mean"), precision: precision + 2, values: buckets.mean() },
    { series: summaryColumn(series, "max"), precision, values: buckets.max },
  ];
}
