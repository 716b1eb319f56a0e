/**
 * Prometheus' text format, and OpenMetrics'. A metric's fields are name and labels: the collector and
 * what is fixed in its pattern are the name, the parts are labels.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 */

import type { Metric, Series } from "../core/metric.ts";

export const TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
export const OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

export type Exposition = "text" | "openmetrics";

interface Family {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly lines: string[];
}

/** The last values of all series, each family together. Counters are what they counted, not a rate. */
export function expose(metrics: Iterable<Metric>, prefix: string, form: Exposition): string {
  const families = new Map<string, Family>();
  for (const metric of metrics) {
    const { series, value, raw } = metric;
    const isCounter = series.kind === "counter" && raw !== undefined;
    const name = familyName(series, prefix, isCounter);
    const family = families.get(name) ?? newFamily(name, series, isCounter);
    families.set(name, family);
    const sample = isCounter ? `${name}_total` : name;
    family.lines.push(
      `${sample}${labelsOf(series)} ${inBaseUnit(series, isCounter ? raw : value)}\n`,
    );
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

function newFamily(name: string, { help, pattern }: Series, isCounter: boolean): Family {
  return {
    name,
    type: isCounter ? "counter" : "gauge",
    help: (help || pattern).replaceAll("\\", "\\\\").replaceAll("\n", " "),
    lines: [],
  };
}

/** Prometheus has times in seconds, and `familyName` says so. */
function inBaseUnit({ pattern }: Series, value: number | bigint): number | bigint {
  return pattern.includes("milliseconds") ? Number(value) / 1000 : value;
}

/**
 * Of a pattern without fixed words there may be gauges and counters, which are two families: the
 * counters' is called events. An ending that means something gets another one.
 */
function familyName({ collector, pattern }: Series, prefix: string, isCounter: boolean): string {
  const fixedParts = pattern.replace(/\{\w+\}/g, "").split(".");
  const isBare = isCounter && fixedParts.every((part) => part === "");
  const words = [prefix, collector, ...fixedParts, isBare ? "events" : ""].map(snakeCase).filter((
    word,
  ) => word !== "");
  const name = words.join("_").replace(/^(\d)/, "_$1").replace(/milliseconds/g, "seconds");
  if (isCounter) return name.replace(/_total$/, "");
  return name.replace(/_(total|count|sum|bucket|info)$/, "_$1_value");
}

/** `MemFree` is mem_free. */
function snakeCase(part: string): string {
  return part.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/[^a-zA-Z0-9]+/g, "_").replace(
    /^_+|_+$/g,
    "",
  ).toLowerCase();
}

function labelsOf({ host, labels, instance }: Series): string {
  const all: [string, string][] = Object.entries(labels);
  if (host !== null) all.push(["host", host]);
  if (instance !== null) all.push(["of", instance]);
  const texts = all.map(([label, text]) => `${label}="${escaped(text)}"`);
  return texts.length === 0 ? "" : `{${texts.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
