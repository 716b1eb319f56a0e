/**
 * Points that are kept for some seconds and hardly ever looked at again, in columns that are used again and
 * again: as objects they would live just long enough for the collector of garbage to take them for old, and
 * old objects stay until all of them are looked through.
 */

import type { Metric, Series } from "../core/metric.ts";

/** Some points. They are not read again once they are given back. */
export interface Columns {
  readonly series: Series[];
  readonly values: Float64Array;
  readonly timestamps: Float64Array;
  /** Of counters. */
  readonly raw: (number | bigint | undefined)[];
  length: number;
}

interface ColumnStore {
  keep(metrics: readonly Metric[]): Columns;
  giveBack(columns: Columns): void;
}

/** More than are under way on most days; those of a backlog go with the garbage. */
const MAX_FREE = 16;
const MAX_POINTS = 16_384;

export function createColumnStore(): ColumnStore {
  const free: Columns[] = [];

  return {
    keep(metrics) {
      const { length } = metrics;
      let columns = free.pop();
      if (columns === undefined || columns.values.length < length) columns = emptyColumns(length);
      const { series, values, timestamps, raw } = columns;
      columns.length = length;
      for (let at = 0; at < length; at++) {
        const metric = metrics[at];
        series[at] = metric.series;
        values[at] = metric.value;
        timestamps[at] = metric.timestamp;
        raw[at] = metric.raw;
      }
      return columns;
    },
    giveBack(columns) {
      if (free.length < MAX_FREE && columns.values.length <= MAX_POINTS) free.push(columns);
    },
  };
}

function emptyColumns(length: number): Columns {
  return {
    series: new Array(length),
    values: new Float64Array(length),
    timestamps: new Float64Array(length),
    raw: new Array(length),
    length,
  };
}

export function metricsOf({ series, values, timestamps, raw, length }: Columns): Metric[] {
  return Array.from({ length }, (_, at) => {
    const point = { series: series[at], value: values[at], timestamp: timestamps[at] };
    return raw[at] === undefined ? point : { ...point, raw: raw[at] };
  });
}
