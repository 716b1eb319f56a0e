/**
 * Batches as Prometheus' remote write has them: samples by series, in the order of their times.
 * Source: https://prometheus.io/docs/specs/remote_write_spec/ and
 * https://prometheus.io/docs/specs/remote_write_spec_2_0/
 */

import type { TimeSeries } from "../ports/remote_write.ts";
import type { Metric, Series } from "../core/metric.ts";
import { unitOfTotal } from "../core/metric_unit.ts";
import { isCount, namesOf, valueOf } from "./prometheus.ts";

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

/** Makes messages of batches, of series that are described once. */
export function seriesWriter(
  prefix: string,
  startOf: StartOf = () => undefined,
): (batch: readonly Metric[]) => TimeSeries[] {
  const known = new WeakMap<Series, Described>();

  function described(metric: Metric): Described {
    const { series } = metric;
    const before = known.get(series);
    if (before?.isCounter === isCount(metric)) return before;
    const made = describe(metric, prefix);
    known.set(series, made);
    return made;
  }

  return (batch) => {
    const all = new Map<Series, TimeSeries>();
    for (const metric of batch) {
      const { series, timestamp } = metric;
      const known = all.get(series) ?? { ...described(metric), samples: [] };
      all.set(series, known);
      known.samples.push({
        value: Number(valueOf(metric)),
        timestamp: Math.round(timestamp * 1000),
        start: known.isCounter ? startOf(metric) : undefined,
      });
    }
    for (const { samples } of all.values()) {
      if (samples.length > 1) samples.sort((a, b) => a.timestamp - b.timestamp);
    }
    return [...all.values()];
  };
}

type Described = Omit<TimeSeries, "samples">;

function describe(metric: Metric, prefix: string): Described {
  const { series } = metric;
  const { name, labels, isCounter } = namesOf(metric, prefix);
  return {
    labels: sorted([["__name__", name], ...labels.filter(([, text]) => text !== "")]),
    isCounter,
    help: series.help || series.pattern,
    unit: unitOf(series, isCounter),
  };
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
