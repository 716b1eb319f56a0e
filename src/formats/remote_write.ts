/**
 * Batches as Prometheus' remote write has them: samples by series, in the order of their times.
 * Source: https://prometheus.io/docs/specs/remote_write_spec/
 */

import type { TimeSeries } from "../ports/remote_write.ts";
import type { Metric, Series } from "../core/metric.ts";
import { sampleOf } from "./prometheus.ts";

export function timeSeries(batch: readonly Metric[], prefix: string): TimeSeries[] {
  const all = new Map<Series, TimeSeries>();
  for (const metric of batch) {
    const { name, labels, value } = sampleOf(metric, prefix);
    const known = all.get(metric.series) ??
      { labels: sorted([["__name__", name], ...labels]), samples: [] };
    all.set(metric.series, known);
    known.samples.push({ value: Number(value), timestamp: Math.round(metric.timestamp * 1000) });
  }
  for (const { samples } of all.values()) samples.sort((a, b) => a.timestamp - b.timestamp);
  return [...all.values()];
}

/** By their bytes, as the protocol wants them. */
function sorted(labels: TimeSeries["labels"]): TimeSeries["labels"] {
  return labels.toSorted(([a], [b]) => (a < b ? -1 : 1));
}
