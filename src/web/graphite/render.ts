/** Evaluates targets, and makes series as few values as a chart can show. */

import { configError } from "../../core/errors.ts";
import { Arguments, isSeries, type RenderContext } from "./context.ts";
import { FUNCTIONS } from "./functions.ts";
import { consolidated, endOf, type RenderSeries } from "./series.ts";
import { parseTarget } from "./target.ts";

const MAX_TARGETS = 100;
/** Calls of one request: some evaluate what they are given once more. */
const MAX_CALLS = 500;

interface RenderRequest {
  readonly targets: readonly string[];
  readonly from: number;
  readonly until: number;
  readonly now: number;
  readonly fetch: RenderContext["fetch"];
}

/** Throws `config` where a target cannot be read or evaluated. */
export function renderSeries(request: RenderRequest): readonly RenderSeries[] {
  const { targets, from, until, now, fetch } = request;
  if (targets.length > MAX_TARGETS) throw configError(`at most ${MAX_TARGETS} targets at a time`);
  let calls = 0;
  const context: RenderContext = {
    ...{ from, until, now, fetch },
    evaluate(expression, within) {
      if (expression.kind === "constant") return expression.value;
      if (expression.kind === "path") {
        return within.fetch(expression.path, within.from, within.until);
      }
      const { name } = expression;
      if (!Object.hasOwn(FUNCTIONS, name)) {
        throw configError(`the function ${name} is not built in`);
      }
      if (++calls > MAX_CALLS) throw configError(`at most ${MAX_CALLS} calls at a time`);
      return FUNCTIONS[name](new Arguments(expression, within), within);
    },
  };
  return targets.filter((target) => target.trim() !== "").flatMap((target) => {
    const value = context.evaluate(parseTarget(target), context);
    if (isSeries(value)) return value;
    throw configError(`a target has to be series, not "${String(value)}"`);
  });
}

/** As Graphite does it for a chart: in bands that stay where they are when the chart moves on. */
export function reduced(list: readonly RenderSeries[], maxPoints: number): readonly RenderSeries[] {
  const start = list.reduce((first, one) => Math.min(first, one.start), Infinity);
  const end = list.reduce((last, one) => Math.max(last, endOf(one)), 0);
  return list.map((one) => {
    if (maxPoints === 1) return consolidated(one, Math.max(1, one.values.length));
    const count = (end - start) / one.step;
    if (maxPoints >= count) return one;
    const perValue = Math.ceil(count / maxPoints);
    const band = perValue * one.step;
    const shift = band + one.start % one.step - one.start % band;
    const lost = Math.max(0, Math.trunc(shift / one.step) - 1);
    const moved = { ...one, start: one.start + shift, values: one.values.slice(lost) };
    return consolidated(moved, perValue);
  });
}

/** In the form of `format=json`. */
export function jsonSeries({ name, start, step, values }: RenderSeries, withoutNull: boolean) {
  const datapoints = values.map((value, at) => [value, start + at * step] as const);
  return {
    target: name,
    tags: { name },
    datapoints: withoutNull ? datapoints.filter(([value]) => value !== null) : datapoints,
  };
}
