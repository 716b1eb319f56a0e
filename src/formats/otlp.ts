/**
 * OpenTelemetry's metrics in JSON: a resource for each host, a metric for each name, a data point for
 * each value.
 * Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding and
 * https://github.com/open-telemetry/opentelemetry-proto (metrics/v1/metrics.proto)
 */

import { configError } from "../core/errors.ts";
import type { Metric, Series } from "../core/metric.ts";
import { unitOfTotal } from "../core/metric_unit.ts";
import { nameWords, partLabels } from "./dimensions.ts";

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

interface DataPoint {
  readonly attributes: readonly Attribute[];
  readonly timeUnixNano: string;
  readonly asDouble?: number;
  /** 64-bit integers are texts in JSON. */
  readonly asInt?: string;
}

interface OtlpMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly gauge?: { readonly dataPoints: DataPoint[] };
  readonly sum?: {
    readonly aggregationTemporality: number;
    readonly isMonotonic: boolean;
    readonly dataPoints: DataPoint[];
  };
}

/** Units by UCUM, which OpenTelemetry takes; others stand as they are. */
const UCUM: Readonly<Record<string, string>> = {
  byte: "By",
  kilobyte: "KiBy",
  KiB: "KiBy",
  MiB: "MiBy",
  percent: "%",
  second: "s",
  "°C": "Cel",
};

/** AGGREGATION_TEMPORALITY_CUMULATIVE */
const CUMULATIVE = 2;
const MAX_INTEGER = (1n << 63n) - 1n;

/** The body of an export; counters are what they counted, all else is a gauge. */
export function metricsRequest(batch: readonly Metric[], attributes: readonly Attribute[]) {
  const hosts = new Map<string | null, Map<string, OtlpMetric>>();
  for (const metric of batch) {
    const { series, raw } = metric;
    const isCounter = series.kind === "counter" && raw !== undefined;
    const name = nameWords(series, isCounter).join(".") || "diamond";
    const metrics = hosts.get(series.host) ?? new Map<string, OtlpMetric>();
    hosts.set(series.host, metrics);
    const known = metrics.get(name) ?? newMetric(name, series, isCounter);
    metrics.set(name, known);
    (known.gauge ?? known.sum)!.dataPoints.push({
      attributes: partLabels(series).map(([label, text]) => attribute(label, text)),
      timeUnixNano: `${BigInt(Math.round(metric.timestamp * 1000)) * 1_000_000n}`,
      ...numberOf(isCounter ? raw : metric.value),
    });
  }
  return {
    resourceMetrics: [...hosts].map(([host, metrics]) => ({
      resource: {
        attributes: [
          ...(host === null ? [] : [attribute("host.name", host)]),
          attribute("service.name", "diamond-agent"),
          ...attributes,
        ],
      },
      scopeMetrics: [{ scope: { name: "diamond-agent" }, metrics: [...metrics.values()] }],
    })),
  };
}

function newMetric(name: string, { help, unit }: Series, isCounter: boolean): OtlpMetric {
  const about = { name, description: help, unit: ucum(isCounter ? unitOfTotal(unit) : unit) };
  const dataPoints: DataPoint[] = [];
  return isCounter
    ? { ...about, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } }
    : { ...about, gauge: { dataPoints } };
}

function ucum(unit: string): string {
  const base = unitOfTotal(unit);
  return (UCUM[base] ?? base) + unit.slice(base.length);
}

/** Beyond 63 bits an integer is sent as a double. */
function numberOf(value: number | bigint): Pick<DataPoint, "asInt" | "asDouble"> {
  if (typeof value === "bigint" && value <= MAX_INTEGER) return { asInt: `${value}` };
  return { asDouble: Number(value) };
}

function attribute(key: string, text: string): Attribute {
  return { key, value: { stringValue: text } };
}

/** `name=text`; throws `config`. */
export function parseAttributes(pairs: readonly string[]): Attribute[] {
  return pairs.map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1) throw configError(`"${pair}" in attributes is not name=text`);
    return attribute(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  });
}

/** The points that an answer says were not taken: how many, for it does not say which. */
export function rejectedCount(answer: string): number {
  if (!answer.includes("rejectedDataPoints")) return 0;
  try {
    const { partialSuccess } = JSON.parse(answer) as {
      partialSuccess?: { rejectedDataPoints?: string | number };
    };
    return Number(partialSuccess?.rejectedDataPoints ?? 0) || 0;
  } catch {
    return 0;
  }
}
