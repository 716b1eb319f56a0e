/**
 * Batches as Prometheus' remote write has them: samples by series, in the order of their times.
 * Source: https://prometheus.io/docs/specs/remote_write_spec/ and
 * https://prometheus.io/docs/specs/remote_write_spec_2_0/
 */

import type { TimeSeries } from "../ports/remote_write.ts";
import type { Metric, Series } from "../core/metric.ts";
import { unitOfTotal } from "../core/metric_unit.ts";
import { sampleOf } from "./prometheus.ts";

/** The time of a counter's beginning, in milliseconds; undefined where it is not known. */
type StartOf = (metric: Metric) => number | undefined;

/** Prometheus names units in the plural. */
const UNITS: Readonly<Record<string, string>> = {
  bit: "bits",
  byte: "bytes",
  s: "seconds",
  second: "seconds",
  ms: "milliseconds",
  us: "microseconds",
};

export function timeSeries(
  batch: readonly Metric[],
  prefix: string,
  startOf: StartOf = () => undefined,
): TimeSeries[] {
  const all = new Map<Series, TimeSeries>();
  for (const metric of batch) {
    const { series, timestamp } = metric;
    const { name, labels, value, isCounter } = sampleOf(metric, prefix);
    const known = all.get(series) ?? {
      labels: sorted([["__name__", name], ...labels.filter(([, text]) => text !== "")]),
      samples: [],
      isCounter,
      help: series.help || series.pattern,
      unit: unitOf(series, isCounter),
    };
    all.set(series, known);
    known.samples.push({
      value: Number(value),
      timestamp: Math.round(timestamp * 1000),
      ...(isCounter && { start: startOf(metric) }),
    });
  }
  for (const { samples } of all.values()) samples.sort((a, b) => a.timestamp - b.timestamp);
  return [...all.values()];
}

/** Milliseconds that a name speaks of were made seconds. */
function unitOf({ pattern, unit }: Series, isCounter: boolean): string {
  if (pattern.includes("milliseconds")) return "seconds";
  const base = unitOfTotal(unit);
  return (UNITS[base] ?? base) + (isCounter ? "" : unit.slice(base.length));
}

/** By their bytes, as the protocol wants them. */
function sorted(labels: TimeSeries["labels"]): TimeSeries["labels"] {
  return labels.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Samples that an answer says were written; undefined where it does not say. */
export function samplesWritten(headers: Readonly<Record<string, string>>): number | undefined {
  const text = headers["x-prometheus-remote-write-samples-written"];
  if (text !== undefined) return Number(text) || 0;
  const isCounting = ["histograms", "exemplars"].some((what) =>
    headers[`x-prometheus-remote-write-${what}-written`] !== undefined
  );
  return isCounting ? 0 : undefined;
}
