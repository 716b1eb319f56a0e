/**
 * Prometheus' text format, and OpenMetrics'. A metric's fields are name and labels: the collector and
 * what is fixed in its pattern are the name, the parts are labels.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 */

import type { Metric, Series } from "../core/metric.ts";
import { nameWords, partLabels } from "./dimensions.ts";

export const TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
export const OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Exposition = "text" | "openmetrics";

interface Family {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly lines: string[];
}

/** A metric as Prometheus names it. */
export interface Sample {
  /** Of the sample: a counter's ends with `_total`. */
  readonly name: string;
  /** Of all samples of its kind, in OpenMetrics. */
  readonly family: string;
  readonly isCounter: boolean;
  readonly labels: readonly (readonly [label: string, text: string])[];
  /** In base units. Of a counter: what it counted, not a rate. */
  readonly value: number | bigint;
}

function sampleOf(metric: Metric, prefix: string): Sample {
  return { ...namesOf(metric, prefix), value: valueOf(metric) };
}

/** What stays the same from one sample of a series to the next. */
export function namesOf(metric: Metric, prefix: string): Omit<Sample, "value"> {
  const { series } = metric;
  const isCounter = isCount(metric);
  const family = familyName(series, prefix, isCounter);
  return {
    name: isCounter ? `${family}_total` : family,
    family,
    isCounter,
    labels: labelsOf(series),
  };
}

/** Whether a metric has what was counted, besides the rate. */
export function isCount({ series, raw }: Metric): boolean {
  return series.kind === "counter" && raw !== undefined;
}

export function valueOf(metric: Metric): Sample["value"] {
  return inBaseUnit(metric.series, isCount(metric) ? metric.raw! : metric.value);
}

/** The last values of all series, each family together. */
export function expose(metrics: Iterable<Metric>, prefix: string, form: Exposition): string {
  const families = new Map<string, Family>();
  for (const metric of metrics) {
    const sample = sampleOf(metric, prefix);
    const family = families.get(sample.family) ?? newFamily(sample, metric.series);
    families.set(sample.family, family);
    family.lines.push(`${sample.name}${labelText(sample.labels)} ${sample.value}\n`);
  }
  let text = "";
  for (const { name, type, help, lines } of families.values()) {
    // In the older format a counter's family has the ending of its samples.
    const told = type === "counter" && form === "text" ? `${name}_total` : name;
    text += `# HELP ${told} ${help}\n`;
    text += `# TYPE ${told} ${type}\n${lines.join("")}`;
  }
  return form === "openmetrics" ? `${text}# EOF\n` : text;
}

function newFamily({ family, isCounter }: Sample, { help, pattern }: Series): Family {
  return {
    name: family,
    type: isCounter ? "counter" : "gauge",
    help: (help || pattern).replaceAll("\\", "\\\\").replaceAll("\n", " "),
    lines: [],
  };
}

/** Prometheus has times in seconds, and `familyName` says so. */
function inBaseUnit({ pattern }: Series, value: number | bigint): number | bigint {
  return pattern.includes("milliseconds") ? Number(value) / 1000 : value;
}

function familyName(series: Series, prefix: string, isCounter: boolean): string {
  const words = nameWords(series, isCounter);
  if (words[0] !== prefix) words.unshift(prefix);
  const name = words.map(snakeCase).filter((word) => word !== "").join("_").replace(/^(\d)/, "_$1")
    .replace(/milliseconds/g, "seconds");
  if (isCounter) return name.replace(/_total$/, "");
  // An ending that means something gets another one.
  return name.replace(/_(total|count|sum|bucket|info)$/, "_$1_value");
}

/** `MemFree` is mem_free. */
function snakeCase(part: string): string {
  return part.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/[^a-zA-Z0-9]+/g, "_").replace(
    /^_+|_+$/g,
    "",
  ).toLowerCase();
}

function labelsOf(series: Series): [string, string][] {
  const labels = partLabels(series).map(([label, text]): [string, string] => [
    label === "host" ? "exported_host" : label,
    text,
  ]);
  if (series.host !== null) labels.push(["host", series.host]);
  return labels;
}

function labelText(labels: Sample["labels"]): string {
  const texts = labels.map(([label, text]) => `${label}="${escaped(text)}"`);
  return texts.length === 0 ? "" : `{${texts.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
