/** Values of a chart's series over its range: as read, then with the points that come in. */

import type { Answer } from "./api.ts";

type Value = number | null;

export interface SeriesData {
  readonly step: number;
  readonly times: readonly number[];
  readonly series: readonly Column[];
}

export interface Column {
  readonly path: string;
  readonly min: Value[];
  readonly mean: Value[];
  readonly max: Value[];
}

interface Summary {
  readonly now?: number;
  readonly min?: number;
  readonly mean?: number;
  readonly max?: number;
}

/** In the order of `paths`; a path without values has nulls. */
export function dataOf({ start, step, series }: Answer, paths: readonly string[]): SeriesData {
  const count = series.reduce((most, { mean }) => Math.max(most, mean.length), 0);
  const byPath = new Map(series.map((one) => [one.path, one]));
  const empty = () => new Array<Value>(count).fill(null);
  return {
    step,
    times: Array.from({ length: count }, (_, at) => start + at * step),
    series: paths.map((path) => {
      const found = byPath.get(path);
      return found === undefined
        ? { path, min: empty(), mean: empty(), max: empty() }
        : { path, min: [...found.min], mean: [...found.mean], max: [...found.max] };
    }),
  };
}

/** With the values of one more time; what lies before `from` is left out. */
export function appended(
  data: SeriesData,
  time: number,
  values: Readonly<Record<string, number>>,
  from: number,
): SeriesData {
  const slot = time - time % data.step;
  const times = [...data.times];
  while (times.length > 0 && times.at(-1)! < slot) {
    times.push(Math.min(slot, times.at(-1)! + data.step));
  }
  if (times.length === 0) times.push(slot);
  const at = times.lastIndexOf(slot);
  const cut = Math.max(0, times.findIndex((one) => one >= from - data.step));
  return {
    step: data.step,
    times: times.slice(cut),
    series: data.series.map((column) => {
      const value = values[column.path];
      const put = (old: readonly Value[], merge: (a: number, b: number) => number) => {
        const next = [...old];
        while (next.length < times.length) next.push(null);
        if (value !== undefined && at >= 0) {
          next[at] = next[at] === null ? value : merge(next[at], value);
        }
        return next.slice(cut);
      };
      return {
        path: column.path,
        min: put(column.min, Math.min),
        mean: put(column.mean, (a, b) => (a + b) / 2),
        max: put(column.max, Math.max),
      };
    }),
  };
}

/** Of the values that are there. `latest`: those that are newer, and not means of a bucket. */
export function summaryOf(
  { path, min, mean, max }: Column,
  latest?: ReadonlyMap<string, number>,
): Summary {
  let least: number | undefined;
  let most: number | undefined;
  let now: number | undefined;
  let sum = 0;
  let count = 0;
  mean.forEach((value, at) => {
    if (value === null) return;
    now = value;
    sum += value;
    count++;
    const low = min[at] ?? value;
    const high = max[at] ?? value;
    if (least === undefined || low < least) least = low;
    if (most === undefined || high > most) most = high;
  });
  return {
    now: latest?.get(path) ?? now,
    min: least,
    mean: count === 0 ? undefined : sum / count,
    max: most,
  };
}

/** Intervals without a value that a line still crosses. */
const MAX_MISSED = 2.5;

/**
 * Values as the chart library wants them: undefined between two values that are neighbours in time,
 * where a line goes on; null in a gap. A series is often sparser than its buckets.
 */
export function joined(times: readonly number[], values: readonly Value[]): (Value | undefined)[] {
  const result: (Value | undefined)[] = [...values];
  const known = values.flatMap((value, at) => (value === null ? [] : at));
  const distances = known.slice(1).map((at, index) => times[at] - times[known[index]]);
  const usual = [...distances].sort((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0;
  distances.forEach((distance, index) => {
    if (distance <= usual * MAX_MISSED) result.fill(undefined, known[index] + 1, known[index + 1]);
  });
  return result;
}

/** Each column on top of the ones before; null where none has a value. */
export function stacked(
  columns: readonly (readonly (Value | undefined)[])[],
): (Value | undefined)[][] {
  const sums: (Value | undefined)[] = [];
  return columns.map((column) => {
    column.forEach((value, at) => {
      if (typeof value === "number") sums[at] = (sums[at] ?? 0) + value;
      else if (!(at in sums)) sums[at] = value;
    });
    return [...sums];
  });
}
