/** Metrics for tests of what comes after a collector. */

import type { Metric, Series } from "../../src/core/metric.ts";

export function series(path: string, more: Partial<Series> = {}): Series {
  return {
    path,
    prefix: "servers",
    host: "h",
    suffix: "",
    collector: "c",
    name: path,
    pattern: path,
    labels: {},
    instance: null,
    kind: "gauge",
    precision: 0,
    unit: "",
    help: "",
    ttl: 20,
    ...more,
  };
}

export function metric(
  path: string,
  value: number,
  timestamp = 1000,
  more: Partial<Series> = {},
): Metric {
  return { series: series(path, more), value, timestamp };
}

/** `count` metrics with values from 0 on. */
export function metrics(count: number): Metric[] {
  return Array.from({ length: count }, (_, index) => metric(`m${index}`, index));
}
