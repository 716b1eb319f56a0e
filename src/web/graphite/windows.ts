/** Functions that look at many values of a series at a time, or at another time. */

import { configError } from "../../core/errors.ts";
import type { Arguments, RenderContext, SeriesFunction } from "./context.ts";
import { renamed } from "./names.ts";
import { aggregationOf, endOf, type RenderSeries, type Value } from "./series.ts";
import { parseInterval } from "./times.ts";

/** A window is a number of values, or a time. It ends before the value that it makes. */
function moving(
  args: Arguments,
  context: RenderContext,
  aggregation: string,
): readonly RenderSeries[] {
  const list = args.series();
  if (list.length === 0) return [];
  const size = args.value(1, "windowSize");
  const longest = list.reduce((most, { step }) => Math.max(most, step), 0);
  const seconds = typeof size === "string"
    ? Math.abs(parseInterval(size))
    : longest * Math.trunc(args.number(1, "windowSize"));
  const aggregate = aggregationOf(aggregation);
  const label = `moving${aggregation[0].toUpperCase()}${aggregation.slice(1)}`;
  const shown = typeof size === "string" ? `"${size}"` : String(size);
  return args.seriesIn(context.from - seconds, context.until).map((one) => {
    const points = typeof size === "string"
      ? Math.floor(seconds / one.step)
      : args.number(1, "windowSize");
    const values: Value[] = [];
    for (let at = points; at < one.values.length; at++) {
      const part = one.values.slice(at - points, at);
      values.push(part.some((value) => value !== null) ? aggregate(part) : null);
    }
    return {
      ...renamed(one, `${label}(${one.name},${shown})`),
      start: one.start + seconds,
      values,
    };
  });
}

const over = (aggregation: string): SeriesFunction => (args, context) =>
  moving(args, context, aggregation);

const summarize: SeriesFunction = (args) => {
  const text = args.text(1, "intervalString");
  const interval = Math.abs(parseInterval(text));
  if (interval === 0) throw configError("summarize(…): the interval has to be longer than 0");
  const kind = args.text(2, "func", "sum");
  const aggregate = aggregationOf(kind);
  const fromStart = args.flag(3, "alignToFrom");
  return args.series().map((one) => {
    const start = fromStart ? one.start : one.start - one.start % interval;
    const end = fromStart ? endOf(one) : endOf(one) - endOf(one) % interval + interval;
    const count = Math.ceil((end - start) / interval);
    const parts = Array.from({ length: count }, () => [] as Value[]);
    one.values.forEach((value, at) => {
      parts[Math.floor((one.start + at * one.step - start) / interval)]?.push(value);
    });
    const name = `summarize(${one.name}, "${text}", "${kind}"${fromStart ? ", true" : ""})`;
    return {
      ...renamed(one, name),
      start,
      step: interval,
      values: parts.map((part) => part.some((value) => value !== null) ? aggregate(part) : null),
    };
  });
};

/** The values of another time, shown as if they were of this one. */
const timeShift: SeriesFunction = (args, context) => {
  const text = args.text(1, "timeShift");
  const shown = /^\d/.test(text) ? `-${text}` : text;
  const by = parseInterval(shown);
  const [first] = args.series();
  if (first === undefined) return [];
  return args.seriesIn(context.from + by, context.until + by).map((one) => ({
    ...renamed(one, `timeShift(${one.name}, "${shown}")`),
    start: first.start,
  }));
};

/** Three values: at the start, in the middle and at the end. */
const constantLine: SeriesFunction = (args, { from, until }) => {
  const value = args.number(0, "value");
  const name = Number.isInteger(value) ? value.toFixed(1) : String(value);
  const step = Math.max(1, Math.trunc((until - from) / 2));
  const values = [value, value, value];
  return [{
    ...{ name, expression: `constantLine(${name})`, start: Math.trunc(from), step, values },
    consolidation: "average",
  }];
};

export const WINDOWED: Readonly<Record<string, SeriesFunction>> = {
  constantLine,
  movingAverage: over("average"),
  movingMax: over("max"),
  movingMedian: over("median"),
  movingMin: over("min"),
  movingSum: over("sum"),
  movingWindow: (args, context) => moving(args, context, args.text(2, "func", "average")),
  summarize,
  timeShift,
};
