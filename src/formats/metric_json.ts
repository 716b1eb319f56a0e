/** A metric with all that is known of it, as a line of JSON. */

import type { Metric } from "../core/metric.ts";
import { fixed } from "./fixed.ts";

export function jsonLine({ series, value, timestamp, raw }: Metric): string {
  const { path, prefix, host, collector, name, labels, instance, kind, precision, unit } = series;
  const fields = {
    path,
    value: Number(fixed(value, precision)),
    raw: raw === undefined ? undefined : Number(raw),
    timestamp,
    kind,
    unit,
    prefix,
    host,
    collector,
    name,
    labels,
    instance,
  };
  return `${JSON.stringify(fields)}\n`;
}
