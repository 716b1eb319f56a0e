/**
 * OpenTSDB's data points, as JSON and as `put` lines.
 * Source: http://opentsdb.net/docs/build/html/api_http/put.html and …/api_telnet/put.html
 */

import type { Metric, Series } from "../core/metric.ts";

export interface DataPoint {
  readonly timestamp: number;
  readonly metric: string;
  readonly value: number;
  readonly tags: Readonly<Record<string, string>>;
}

interface OpentsdbNames {
  readonly prefix: string;
  readonly tags: Readonly<Record<string, string>>;
  /** What a collector's label becomes a tag by, instead of staying in the name. */
  readonly clean: boolean;
  readonly skipAggregates: boolean;
}

/** By collector: the label that leaves the name, the tag that it becomes, and the value that sums up the others. */
const CLEANED: Readonly<Record<string, { label: string; tag: string; aggregate?: string }>> = {
  cpu: { label: "cpu", tag: "cpuId", aggregate: "total" },
  diskspace: { label: "mount", tag: "mountpoint" },
  iostat: { label: "device", tag: "device" },
  network: { label: "device", tag: "interface" },
};

/** Undefined for a sum of others that is not wanted. */
export function dataPoint(metric: Metric, names: OpentsdbNames): DataPoint | undefined {
  const { series, value, timestamp } = metric;
  const rule = names.clean ? CLEANED[series.collector] : undefined;
  const part = rule === undefined ? undefined : series.labels[rule.label];
  if (names.skipAggregates && part !== undefined && part === rule?.aggregate) return undefined;
  const cleaned = rule !== undefined && part !== undefined;
  const name = cleaned ? nameWithout(series, rule.label) : series.name;
  const tags: Record<string, string> = { hostname: legal(series.host ?? "none") };
  if (cleaned) tags[rule.tag] = legal(part);
  for (const [tag, text] of Object.entries(names.tags)) tags[tag] = text;
  const metricName = [names.prefix, series.collector, name].filter((text) => text !== "");
  return { timestamp, metric: legal(metricName.join(".")), value, tags };
}

/** The pattern without one of its parts, filled with the others. */
function nameWithout({ pattern, labels }: Series, label: string): string {
  return pattern.split(".").filter((part) => part !== `{${label}}`).join(".").replace(
    /\{(\w+)\}/g,
    (_, other: string) => labels[other] ?? "",
  );
}

/** What else is in a name, OpenTSDB refuses. */
function legal(text: string): string {
  return text.replace(/[^\p{L}\p{N}._/-]/gu, "_");
}

/** The indexes of the points that an answer to `put?details` names as refused. */
export function rejectedPoints(answer: string, points: readonly DataPoint[]): number[] {
  const errors = errorsOf(answer);
  if (errors.length === 0) return [];
  const keyOf = ({ metric, timestamp, tags }: DataPoint) =>
    JSON.stringify([metric, Number(timestamp), Object.entries(tags ?? {}).toSorted()]);
  const bad = new Set(errors.map(keyOf));
  return [...points.keys()].filter((index) => bad.has(keyOf(points[index])));
}

function errorsOf(answer: string): DataPoint[] {
  try {
    const { errors } = JSON.parse(answer) as { errors?: { datapoint?: DataPoint }[] };
    return (Array.isArray(errors) ? errors : []).flatMap(({ datapoint }) => datapoint ?? []);
  } catch {
    return [];
  }
}

export function putLine({ metric, timestamp, value, tags }: DataPoint): string {
  const pairs = Object.entries(tags).map(([tag, text]) => `${tag}=${text}`);
  return `put ${metric} ${timestamp} ${value} ${pairs.join(" ")}\n`;
}

/** `dc=us-east, rack=r_1`: separated by commas or blanks. */
export function parseTags(entries: readonly string[]): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const pair of entries.flatMap((entry) => entry.split(/[\s,]+/))) {
    const [, tag, text] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
    if (tag !== undefined) tags[legal(tag)] = legal(text);
  }
  return tags;
}
