/**
 * A series as a name and dimensions, for backends that have labels: the collector and what is fixed in
 * its pattern are the name, the parts that filled it are the labels.
 */

import type { Series } from "../core/metric.ts";

/**
 * `{device}.reads` of diskstat is diskstat, reads. A pattern without fixed words may have gauges and
 * counters, which cannot share a name: the counters' is called events.
 */
export function nameWords({ collector, pattern }: Series, isCounter: boolean): string[] {
  const fixed = pattern.replace(/\{\w+\}/g, "").split(".").filter((part) => part !== "");
  const words = isCounter && fixed.length === 0 ? ["events"] : fixed;
  return [collector, ...words].filter((word) => word !== "");
}

/** The parts by their names; an instance stands in `of`. */
export function partLabels({ labels, instance }: Series): [label: string, text: string][] {
  const all: [string, string][] = Object.entries(labels);
  if (instance !== null) all.push(["of", instance]);
  return all;
}
