/**
 * StatsD's lines: `path:5|g` is a value, `path:5|c` an increment.
 * Source: https://github.com/statsd/statsd/blob/master/docs/metric_types.md
 */

import type { Metric, Series } from "../core/metric.ts";
import { wireNames } from "./wire_names.ts";

/** What a counter stood at when it was last sent. */
type LastCounts = Map<string, number | bigint>;

/**
 * Formats a batch as lines, and returns the counts to remember once the lines are sent. A counter that is new or
 * was reset produces no line, because its first count is not an increment.
 */
export function statsdLines(
  batch: readonly Metric[],
  last: ReadonlyMap<string, number | bigint>,
  nameOf: (series: Series) => string = statsdNames(),
): { text: string; counts: LastCounts } {
  const counts: LastCounts = new Map();
  let text = "";
  for (const { series, value, raw } of batch) {
    const name = nameOf(series);
    if (series.kind === "counter" && raw !== undefined) {
      const before = counts.get(series.path) ?? last.get(series.path);
      counts.set(series.path, raw);
      const grown = before === undefined ? 0 : difference(raw, before);
      if (grown > 0) text += `${name}:${shown(grown)}|c\n`;
    } else if (value < 0) {
      // With a sign it would be a change of the gauge.
      text += `${name}:0|g\n${name}:${shown(value)}|g\n`;
    } else {
      text += `${name}:${shown(value)}|g\n`;
    }
  }
  return { text, counts };
}

function difference(now: number | bigint, before: number | bigint): number {
  return typeof now === "number" && typeof before === "number"
    ? now - before
    : Number(BigInt(now) - BigInt(before));
}

/** Twelve digits, as Python 2 writes them. */
function shown(value: number): string {
  return Number.isInteger(value) ? `${value}` : `${Number(value.toPrecision(12))}`;
}

/** Besides StatsD's own separators those by which its relatives read tags off a name. */
const SEPARATORS = /[\s:|@#,]/g;

/** Names of StatsD and Statsite. */
export function statsdNames(report?: (message: string) => void): (series: Series) => string {
  return wireNames(SEPARATORS, report);
}
