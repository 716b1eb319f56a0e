/**
 * A spooled batch as text: one JSON array of columns, `[series, values, timestamps, raws]`, which compresses well
 * since neighbours are alike. Series are indices into the spool's own table. `raws` is omitted if no point has
 * one; in it a bigint is a text, and null means none.
 */

import { badData } from "../core/errors.ts";
import type { Metric, Series } from "../core/metric.ts";

export function encodeBatch(
  batch: readonly Metric[],
  numberOf: (series: Series) => number,
): string {
  const columns: unknown[] = [
    batch.map(({ series }) => numberOf(series)),
    batch.map(({ value }) => value),
    batch.map(({ timestamp }) => timestamp),
  ];
  if (batch.some(({ raw }) => raw !== undefined)) {
    columns.push(
      batch.map(({ raw }) => raw === undefined ? null : typeof raw === "bigint" ? `${raw}` : raw),
    );
  }
  return JSON.stringify(columns);
}

/** Throws `bad-data`. A point whose series is not known any more (undefined) is left out. */
export function decodeBatch(
  text: string,
  seriesOf: (number: number) => Series | undefined,
): Metric[] {
  const [numbers, values, timestamps, raws] = parsed(text);
  const metrics: Metric[] = [];
  for (const [index, number] of numbers.entries()) {
    const series = seriesOf(number as number);
    if (series === undefined) continue;
    const point = {
      series,
      value: values[index] as number,
      timestamp: timestamps[index] as number,
    };
    const raw = raws?.[index] ?? null;
    metrics.push(
      raw === null ? point : { ...point, raw: typeof raw === "string" ? BigInt(raw) : raw },
    );
  }
  return metrics;
}

type Column = readonly (number | string | null)[];

function parsed(text: string): Column[] {
  const columns = JSON.parse(text) as unknown;
  const same = Array.isArray(columns) && columns.length >= 3 &&
    columns.every((column) => Array.isArray(column) && column.length === columns[0].length);
  if (!same) throw badData("A spooled batch has no columns of one length");
  return columns as Column[];
}

/** A series as a line of the spool's table. */
export function encodeSeries(series: Series): string {
  return JSON.stringify(series);
}

export function decodeSeries(text: string): Series {
  return JSON.parse(text) as Series;
}
