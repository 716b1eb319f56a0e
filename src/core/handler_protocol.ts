/** How batches travel to a handler's process: each series once, then points that name it by a number. */

import type { Metric, Series } from "./metric.ts";
import { packed, unpacked } from "./packed_numbers.ts";

/** Series, value, seconds, and of a counter what it stands at. */
export type PackedPoint = readonly [
  series: number,
  value: number,
  timestamp: number,
  raw?: number | string,
];

export interface PackedBatch {
  /** The numbers begin again: series that are known by one are forgotten. */
  readonly anew?: true;
  readonly series: readonly (readonly [number: number, series: Series])[];
  readonly points: readonly PackedPoint[];
}

/** Series that both sides remember at most. */
const MAX_SERIES = 50_000;

/** The agent's side, for one process. */
export function createBatchPacker(): (batch: readonly Metric[]) => PackedBatch {
  let numbers = new Map<Series, number>();
  let isNew = true;
  return (batch) => {
    const anew = isNew || numbers.size + batch.length > MAX_SERIES;
    if (anew) numbers = new Map();
    isNew = false;
    const series: [number, Series][] = [];
    const points = batch.map((metric): PackedPoint => {
      let number = numbers.get(metric.series);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(metric.series, number);
        series.push([number, metric.series]);
      }
      const { value, timestamp, raw } = metric;
      return raw === undefined
        ? [number, value, timestamp]
        : [number, value, timestamp, packed(raw)];
    });
    return anew ? { anew, series, points } : { series, points };
  };
}

/** The process's side. */
export function createBatchUnpacker(): (batch: PackedBatch) => Metric[] {
  const known = new Map<number, Series>();
  return ({ anew, series, points }) => {
    if (anew) known.clear();
    for (const [number, one] of series) known.set(number, one);
    return points.map(([number, value, timestamp, raw]) => {
      const point = { series: known.get(number)!, value, timestamp };
      return raw === undefined ? point : { ...point, raw: unpacked(raw) };
    });
  };
}
