/**
 * InfluxDB's line protocol: `measurement,tag=text field=1 timestamp`.
 * Source: https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
 */

import type { Metric } from "../core/metric.ts";

export const timePrecisions = ["s", "ms", "u", "ns"] as const;
type TimePrecision = typeof timePrecisions[number];

const FACTORS: Readonly<Record<TimePrecision, bigint>> = {
  s: 1n,
  ms: 1000n,
  u: 1_000_000n,
  ns: 1_000_000_000n,
};

/** The collector is the measurement, the metric's name the field, the host a tag. */
export function influxLine(metric: Metric, precision: TimePrecision): string {
  const { series, value, timestamp } = metric;
  const measurement = escaped(series.collector || series.prefix || "diamond", /[\\, \n]/g);
  const host = series.host === null ? "" : `,host=${escaped(series.host, SPECIAL)}`;
  // Whole numbers are floats too: a field keeps the type that it was first written with.
  const number = Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : `${value}`;
  const time = precision === "s"
    ? BigInt(Math.round(timestamp))
    : BigInt(Math.round(timestamp * 1000)) * FACTORS[precision] / 1000n;
  return `${measurement}${host} ${escaped(series.name, SPECIAL)}=${number} ${time}\n`;
}

export function influxLines(batch: readonly Metric[], precision: TimePrecision): string {
  let text = "";
  for (const metric of batch) text += influxLine(metric, precision);
  return text;
}

const SPECIAL = /[\\, =\n]/g;

function escaped(text: string, special: RegExp): string {
  return text.replace(special, (char) => (char === "\n" ? "\\ " : `\\${char}`));
}
