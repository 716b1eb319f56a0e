/** Functions that make each series another one, value by value. */

import type { Arguments, SeriesFunction } from "./context.ts";
import { renamed, shortNumber } from "./names.ts";
import type { RenderSeries, Value } from "./series.ts";

/** `rename`: what it is called afterwards; `change`: what becomes of its values. */
function each(
  rename: (args: Arguments) => (name: string) => string,
  change: (args: Arguments) => (values: readonly Value[], series: RenderSeries) => Value[],
): SeriesFunction {
  return (args) => {
    const list = args.series();
    const [nameOf, valuesOf] = [rename(args), change(args)];
    return list.map((one) => ({
      ...renamed(one, nameOf(one.name)),
      values: valuesOf(one.values, one),
    }));
  };
}

const named = (name: string) => () => (inner: string) => `${name}(${inner})`;

/** Of a function with one number, each known value for itself. */
function arithmetic(
  name: string,
  parameter: string,
  change: (value: number, by: number) => number,
): SeriesFunction {
  return each(
    (args) => (inner) => `${name}(${inner},${shortNumber(args.number(1, parameter))})`,
    (args) => {
      const by = args.number(1, parameter);
      return (values) => values.map((value) => value === null ? null : change(value, by));
    },
  );
}

/** As Python rounds, for the decimals that Graphite gives rates. */
function rounded(value: number): number {
  return Number(value.toFixed(6));
}

function differences(values: readonly Value[]): Value[] {
  return values.map((value, at) => {
    const before = at === 0 ? null : values[at - 1];
    return value === null || before === null ? null : value - before;
  });
}

/** The growth of a counter, which may wrap around or begin again. */
function growths(args: Arguments): (values: readonly Value[]) => Value[] {
  const most = args.optionalNumber(1, "maxValue");
  const least = args.optionalNumber(2, "minValue");
  return (values) => {
    let before: Value = null;
    return values.map((value) => {
      const isOdd = value !== null &&
        ((most !== undefined && value > most) || (least !== undefined && value < least));
      const last = before;
      before = isOdd ? null : value;
      if (isOdd || value === null || last === null) return null;
      if (value >= last) return value - last;
      if (most !== undefined) return most + 1 + value - last - (least ?? 0);
      return least === undefined ? null : value - least;
    });
  };
}

function integral(values: readonly Value[]): Value[] {
  let total = 0;
  return values.map((value) => value === null ? null : total += value);
}

/** Fills gaps of so many values at most with what was there before them. */
function kept(values: readonly Value[], limit: number): Value[] {
  const result = [...values];
  let known = -1;
  for (let at = 0; at <= result.length; at++) {
    if (at < result.length && values[at] === null) continue;
    const gap = at - known - 1;
    if (known >= 0 && gap > 0 && gap <= limit) result.fill(values[known], known + 1, at);
    known = at;
  }
  return result;
}

export const TRANSFORMING: Readonly<Record<string, SeriesFunction>> = {
  absolute: each(
    named("absolute"),
    () => (values) => values.map((value) => value === null ? null : Math.abs(value)),
  ),
  consolidateBy: (args) => {
    const consolidation = args.text(1, "consolidationFunc");
    return args.series().map((one) => ({
      ...renamed(one, `consolidateBy(${one.name},"${consolidation}")`),
      consolidation,
    }));
  },
  derivative: each(named("derivative"), () => differences),
  integral: each(named("integral"), () => integral),
  isNonNull: each(
    named("isNonNull"),
    () => (values) => values.map((value) => value === null ? 0 : 1),
  ),
  keepLastValue: each(named("keepLastValue"), (args) => {
    const limit = args.number(1, "limit", Infinity);
    return (values) => kept(values, limit);
  }),
  nonNegativeDerivative: each(named("nonNegativeDerivative"), growths),
  offset: arithmetic("offset", "factor", (value, by) => value + by),
  perSecond: each(named("perSecond"), (args) => {
    const grown = growths(args);
    return (values, { step }) =>
      grown(values).map((value) => value === null ? null : rounded(value / step));
  }),
  scale: arithmetic("scale", "factor", (value, by) => value * by),
  scaleToSeconds: each(
    (args) => (inner) => `scaleToSeconds(${inner},${Math.trunc(args.number(1, "seconds"))})`,
    (args) => {
      const seconds = args.number(1, "seconds");
      return (values, { step }) =>
        values.map((value) => value === null ? null : rounded(value * (seconds / step)));
    },
  ),
  transformNull: each(
    (args) => (inner) => `transformNull(${inner},${shortNumber(args.number(1, "default", 0))})`,
    (args) => {
      const fallback = args.number(1, "default", 0);
      return (values) => values.map((value) => value ?? fallback);
    },
  ),
};
