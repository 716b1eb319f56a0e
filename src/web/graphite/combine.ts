/** Functions that make one series of many. */

import { configError } from "../../core/errors.ts";
import type { Arguments, SeriesFunction } from "./context.ts";
import { isSeries } from "./context.ts";
import { expressionsOf, nodesOf } from "./names.ts";
import { aggregationOf, endOf, inOneStep, type RenderSeries, type Value } from "./series.ts";

/** The values of all series of one time, time by time. */
function rowsOf(list: readonly RenderSeries[]): Value[][] {
  const length = list.reduce((most, { values }) => Math.max(most, values.length), 0);
  return Array.from({ length }, (_, at) => list.map(({ values }) => values[at] ?? null));
}

function combined(list: readonly RenderSeries[], aggregation: string): readonly RenderSeries[] {
  if (list.length === 0) return [];
  const kind = aggregation.replace(/Series$/, "");
  const aggregate = aggregationOf(kind);
  const aligned = inOneStep(list);
  const name = `${kind}Series(${expressionsOf(list)})`;
  const values = rowsOf(aligned).map((row) =>
    row.some((value) => value !== null) ? aggregate(row) : null
  );
  return [madeOf(aligned, name, values)];
}

function madeOf(aligned: readonly RenderSeries[], name: string, values: Value[]): RenderSeries {
  const start = aligned.reduce((first, one) => Math.min(first, one.start), Infinity);
  const end = aligned.reduce((last, one) => Math.max(last, endOf(one)), 0);
  const { step } = aligned[0];
  const length = Math.floor((end - start) / step);
  return {
    ...{ name, expression: name, start, step, consolidation: "average" },
    values: values.slice(0, length),
  };
}

function quotient(a: Value, b: Value): Value {
  return a === null || b === null || b === 0 ? null : a / b;
}

const divideSeries: SeriesFunction = (args) => {
  const [dividends, divisors] = [args.series(0), args.series(1)];
  if (divisors.length > 1) {
    throw configError(`divideSeries(…): the divisor has to be one series, not ${divisors.length}`);
  }
  const [divisor] = divisors;
  return dividends.map((dividend) => {
    if (divisor === undefined) {
      const name = `divideSeries(${dividend.name},MISSING)`;
      return { ...dividend, name, expression: name, values: dividend.values.map(() => null) };
    }
    const both = inOneStep([dividend, divisor]);
    const values = rowsOf(both).map(([a, b]) => quotient(a, b));
    return madeOf(both, `divideSeries(${dividend.name},${divisor.name})`, values);
  });
};

const asPercent: SeriesFunction = (args) => {
  const total = args.value(1, "total");
  const list = inOneStep(args.series());
  if (list.length === 0) return [];
  if (args.value(2, "nodes") !== undefined) {
    throw configError("asPercent(…): totals by node are not built in");
  }
  if (isSeries(total) && total.length !== 1) return percentOfEach(list, total);
  const [values, text] = totalOf(list, total);
  return list.map((one) => {
    const name = `asPercent(${one.name},${text})`;
    return { ...one, name, expression: name, values: percents(one.values, values) };
  });
};

function totalOf(
  list: readonly RenderSeries[],
  total: ReturnType<Arguments["value"]>,
): [values: readonly Value[], text: string] {
  if (total === undefined || total === null) {
    return [rowsOf(list).map(aggregationOf("sum")), `sumSeries(${expressionsOf(list)})`];
  }
  if (isSeries(total)) return [inOneStep([...list, total[0]]).at(-1)!.values, total[0].name];
  if (typeof total !== "number") throw configError("asPercent(…): the total has to be a number");
  return [list[0].values.map(() => total), String(total)];
}

/** Series by series, in the order of their names. */
function percentOfEach(
  list: readonly RenderSeries[],
  totals: readonly RenderSeries[],
): readonly RenderSeries[] {
  if (totals.length !== list.length) {
    throw configError("asPercent(…): there have to be as many totals as series, or one");
  }
  const byName = (a: RenderSeries, b: RenderSeries) => (a.name < b.name ? -1 : 1);
  const sorted = totals.toSorted(byName);
  return list.toSorted(byName).map((one, at) => {
    const name = `asPercent(${one.name},${sorted[at].name})`;
    return { ...one, name, expression: name, values: percents(one.values, sorted[at].values) };
  });
}

function percents(values: readonly Value[], totals: readonly Value[]): Value[] {
  return values.map((value, at) => {
    const part = quotient(value, totals[at] ?? null);
    return part === null ? null : part * 100;
  });
}

function grouped(
  list: readonly RenderSeries[],
  aggregation: string,
  places: readonly number[],
): readonly RenderSeries[] {
  const groups = Map.groupBy(list, (one) => nodesOf(one, places));
  return [...groups].flatMap(([name, members]) =>
    combined(members, aggregation).map((one) => ({ ...one, name }))
  );
}

/** How many series there are, whether they have values or not. */
const countSeries: SeriesFunction = (args) => {
  const list = args.allSeries();
  if (list.length === 0) return [];
  const aligned = inOneStep(list);
  const values = rowsOf(aligned).map((row) => row.length);
  return [madeOf(aligned, `countSeries(${expressionsOf(list)})`, values)];
};

const over = (aggregation: string): SeriesFunction => (args) =>
  combined(args.allSeries(), aggregation);

export const COMBINING: Readonly<Record<string, SeriesFunction>> = {
  aggregate: (args) => combined(args.series(), args.text(1, "func")),
  asPercent,
  averageSeries: over("average"),
  avg: over("average"),
  countSeries,
  diffSeries: over("diff"),
  divideSeries,
  group: (args) => args.allSeries(),
  groupByNode: (args) =>
    grouped(args.series(), args.text(2, "callback", "average"), [args.number(1, "nodeNum")]),
  groupByNodes: (args) => grouped(args.series(), args.text(1, "callback"), args.numbersFrom(2)),
  max: over("max"),
  maxSeries: over("max"),
  medianSeries: over("median"),
  min: over("min"),
  minSeries: over("min"),
  multiplySeries: (args) => {
    const list = args.allSeries();
    return list.length === 1 ? list : combined(list, "multiply");
  },
  pct: asPercent,
  rangeOfSeries: over("rangeOf"),
  stddevSeries: over("stddev"),
  sum: over("sum"),
  sumSeries: over("sum"),
};
