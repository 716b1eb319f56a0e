/** Summaries: the least, the mean and the largest value of each series in each five minutes. */

import type { Column, DecodedBlock } from "./block.ts";

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
  const min = new Float64Array(count).fill(NaN);
  const max = new Float64Array(count).fill(NaN);
  const sum = new Float64Array(count);
  const points = new Float64Array(count);
  column.values.forEach((value, at) => {
    if (Number.isNaN(value)) return;
    const slot = slots[at];
    sum[slot] += value;
    points[slot]++;
    if (!(value >= min[slot])) min[slot] = value;
    if (!(value <= max[slot])) max[slot] = value;
  });
  const mean = sum.map((total, slot) => total / points[slot]);
  const { series, precision } = column;
  return [
    { series: summaryColumn(series, "min"), precision, values: min },
    // A mean has more decimals than what it is made of.
    { series: summaryColumn(series, "mean"), precision: precision + 2, values: mean },
    { series: summaryColumn(series, "max"), precision, values: max },
  ];
}
