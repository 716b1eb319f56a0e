/** Series on their way through the functions of a target. They are never changed, only made again. */

import { configError } from "../../core/errors.ts";

export type Value = number | null;

export interface RenderSeries {
  readonly name: string;
  /** What functions that combine series call it in their names. */
  readonly expression: string;
  /** Seconds since the epoch of the first value, and between two. */
  readonly start: number;
  readonly step: number;
  readonly values: readonly Value[];
  /** How values become fewer: see `aggregationOf`. */
  readonly consolidation: string;
}

type Aggregation = (values: readonly Value[]) => Value;

const sum = (known: readonly number[]) => known.reduce((total, value) => total + value, 0);
const mean = (known: readonly number[]) => sum(known) / known.length;
const least = (known: readonly number[]) => known.reduce((a, b) => Math.min(a, b));
const most = (known: readonly number[]) => known.reduce((a, b) => Math.max(a, b));

function median(known: readonly number[]): number {
  const sorted = known.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function deviation(known: readonly number[]): number {
  const average = mean(known);
  return Math.sqrt(mean(known.map((value) => (value - average) ** 2)));
}

const AGGREGATIONS: Readonly<Record<string, Aggregation>> = {
  average: ofKnown(mean),
  avg_zero: (values) => values.length === 0 ? null : mean(values.map((value) => value ?? 0)),
  count: (values) => values.filter((value) => value !== null).length,
  diff: ofKnown(([first, ...others]) => first - sum(others)),
  first: ofKnown((known) => known[0]),
  last: ofKnown((known) => known.at(-1)!),
  max: ofKnown(most),
  median: ofKnown(median),
  min: ofKnown(least),
  // Nothing times something is not known.
  multiply: (values) =>
    values.reduce((total, value) => (total === null || value === null ? null : total * value)),
  range: ofKnown((known) => most(known) - least(known)),
  stddev: ofKnown(deviation),
  sum: ofKnown(sum),
};
const ALIASES: Readonly<Record<string, string>> = {
  avg: "average",
  current: "last",
  rangeOf: "range",
  total: "sum",
};

/** Throws `config` where there is none of the name. */
export function aggregationOf(name: string): Aggregation {
  const known = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
  if (Object.hasOwn(AGGREGATIONS, known)) return AGGREGATIONS[known];
  throw configError(
    `there is no aggregation "${name}", only ${Object.keys(AGGREGATIONS).join(", ")}`,
  );
}

export function endOf({ start, step, values }: RenderSeries): number {
  return start + step * values.length;
}

/** With fewer values, each of so many. */
export function consolidated(series: RenderSeries, perValue: number): RenderSeries {
  if (perValue <= 1) return series;
  const aggregate = aggregationOf(series.consolidation);
  const values: Value[] = [];
  for (let at = 0; at < series.values.length; at += perValue) {
    const part = series.values.slice(at, at + perValue);
    values.push(part.some((value) => value !== null) ? aggregate(part) : null);
  }
  return { ...series, step: series.step * perValue, values };
}

/** With one step for all, of which each series' own step is a part. */
export function inOneStep(list: readonly RenderSeries[]): readonly RenderSeries[] {
  const step = list.reduce((common, one) => leastCommonMultiple(common, one.step), 1);
  return list.map((one) => consolidated(one, step / one.step));
}

/** Without the values that are missing; null where none is left. */
function ofKnown(aggregate: (known: readonly number[]) => number): Aggregation {
  return (values) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : aggregate(known);
  };
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
