/** Series from the history, with the times that a Graphite gives them: what follows `from`, up to `until`. */

import { configError } from "../../core/errors.ts";
import type { History, HistorySeries } from "../../ports/history.ts";
import type { RenderContext } from "./context.ts";
import type { RenderSeries, Value } from "./series.ts";

/** Values of one series: a day of every ten seconds. Longer ranges come in longer steps. */
const MAX_VALUES = 8640;
/** Of one expression, and values of a whole request. */
const MAX_SERIES = 2000;
const MAX_TOTAL = 1_000_000;
/** Those that the history can answer in. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];

interface FetchSettings {
  readonly history: History;
  /** Seconds between two values of a series, as it is collected. */
  stepOf(path: string): number;
  readonly now: number;
}

/** Of one request. Throws `config` or a RangeError where it would take too much. */
export function createFetch({ history, stepOf, now }: FetchSettings): RenderContext["fetch"] {
  let total = 0;

  function read(paths: readonly string[], step: number, from: number, until: number) {
    const range = rangeIn(step, from, Math.min(until, now), history);
    total += paths.length * range.count;
    if (total > MAX_TOTAL) throw configError("the request would take too many values");
    const base = STEPS.findLast((one) => range.step % one === 0) ?? 1;
    const { first, count } = range;
    const end = first + (count - 1) * range.step;
    // So many points that a bucket of the answer is a step long.
    const length = Math.max(end - first, base);
    const answer = history.read({
      ...{ paths, from: first, to: end + range.step - base },
      maxPoints: ((length + range.step - base) / base) * (1 + 1e-9),
    });
    const found = new Map(answer.series.map((one) => [one.path, one]));
    return paths.map((path): RenderSeries => ({
      ...{ name: path, expression: path, start: first, step: range.step },
      consolidation: "average",
      values: valuesOf(found.get(path), { ...range, from: answer.start, every: answer.step }),
    }));
  }

  return (pattern, from, until) => {
    const paths = history.find(pattern, MAX_SERIES + 1);
    if (paths.length > MAX_SERIES) {
      throw configError(`more than ${MAX_SERIES} series match "${pattern.slice(0, 100)}"`);
    }
    if (from >= until) throw configError("the time range is empty: from is not before until");
    if (from > now) return [];
    const bySteps = Map.groupBy(paths, stepOf);
    const series = [...bySteps].flatMap(([step, some]) => read(some, step, from, until));
    return series.sort((a, b) => (a.name < b.name ? -1 : 1)).map((one) => ({
      ...one,
      expression: pattern,
    }));
  };
}

interface Range {
  readonly step: number;
  /** The time of the first value. */
  readonly first: number;
  readonly count: number;
}

function rangeIn(wanted: number, from: number, until: number, history: History): Range {
  let begin = from;
  if ((until - begin) / wanted > MAX_VALUES) {
    begin = Math.max(begin, (history.figures.oldest ?? until) - wanted);
  }
  const least = (until - begin) / MAX_VALUES;
  const step = least <= wanted
    ? wanted
    : STEPS.find((one) => one >= least && one >= wanted) ?? Math.ceil(least / 86_400) * 86_400;
  const first = begin - begin % step + step;
  return { step, first, count: Math.max(1, Math.floor((until - until % step - first) / step) + 1) };
}

/** `from` and `every`: of the history's buckets, of which one value may take several. */
function valuesOf(
  series: HistorySeries | undefined,
  { first, step, count, from, every }: Range & { readonly from: number; readonly every: number },
): Value[] {
  const sums = new Float64Array(count);
  const counts = new Uint32Array(count);
  series?.mean.forEach((value, at) => {
    const place = Math.floor((from + at * every - first) / step);
    if (place < 0 || place >= count || Number.isNaN(value)) return;
    sums[place] += value;
    counts[place]++;
  });
  return Array.from(sums, (sum, at) => (counts[at] === 0 ? null : sum / counts[at]));
}
