/** The points that are not in the file yet: a column for each series, at most some minutes. */

import type { Metric } from "../core/metric.ts";
import type { DecodedBlock } from "./block.ts";

interface Recent {
  readonly points: number;
  readonly from: number;
  readonly to: number;
  add(batch: readonly Metric[], numberOf: (path: string) => number): void;
  /** The points as a block, of all series or of those that are wanted. */
  block(isWanted?: (series: number) => boolean): DecodedBlock;
  clear(): void;
}

interface Points {
  readonly precision: number;
  /** The last value of a time holds. */
  readonly byTime: Map<number, number>;
}

export function createRecent(): Recent {
  const series = new Map<number, Points>();
  const times = new Set<number>();
  let points = 0;

  return {
    get points() {
      return points;
    },
    get from() {
      return Math.min(...times);
    },
    get to() {
      return Math.max(...times);
    },
    add(batch, numberOf) {
      for (const { series: { path, precision }, value, timestamp } of batch) {
        const number = numberOf(path);
        const time = Math.floor(timestamp);
        let column = series.get(number);
        if (column === undefined) series.set(number, column = { precision, byTime: new Map() });
        if (!column.byTime.has(time)) points++;
        column.byTime.set(time, value);
        times.add(time);
      }
    },
    block(isWanted = () => true) {
      const all = Float64Array.from(times).sort();
      const columns = [...series].filter(([number]) => isWanted(number)).map((
        [number, { precision, byTime }],
      ) => ({
        series: number,
        precision,
        values: all.map((time) => byTime.get(time) ?? NaN),
      }));
      return { times: all, columns };
    },
    clear() {
      series.clear();
      times.clear();
      points = 0;
    },
  };
}
