/** Spreads points over the workers of a cluster: each point goes to those that its path belongs to. */

import type { Spread } from "../core/handler.ts";
import type { Metric, Series } from "../core/metric.ts";
import type { Worker } from "./worker.ts";

/** What takes the metrics of a run. */
export interface Outlet {
  offer(metrics: readonly Metric[]): void;
}

/** `workers` by the number of their backend; undefined where one could not be opened. */
export function spreadOver(workers: readonly (Worker | undefined)[], spread: Spread): Outlet {
  const choices = new WeakMap<Series, readonly number[]>();
  const shares = workers.map((): Metric[] => []);

  function choicesOf(series: Series): readonly number[] {
    let known = choices.get(series);
    if (known === undefined) choices.set(series, known = spread.choices(series.path));
    return known;
  }

  return {
    offer(metrics) {
      const isWell = workers.map((worker) =>
        worker !== undefined && !(spread.failover && worker.trouble !== undefined)
      );
      for (const metric of metrics) {
        for (const number of chosen(choicesOf(metric.series), isWell, spread.copies)) {
          shares[number].push(metric);
        }
      }
      for (const [number, share] of shares.entries()) {
        if (share.length > 0) workers[number]?.offer(share.splice(0));
      }
    },
  };
}

/** The first that are well; where those are too few, the first of the others, which keep it until they are. */
function chosen(
  choices: readonly number[],
  isWell: readonly boolean[],
  copies: number,
): readonly number[] {
  const first = choices.slice(0, copies);
  if (first.every((number) => isWell[number])) return first;
  const well = choices.filter((number) => isWell[number]);
  const others = choices.filter((number) => !isWell[number]);
  return [...well, ...others].slice(0, copies);
}
