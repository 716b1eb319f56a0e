/**
 * Graphite's plaintext protocol: `path value timestamp\n`.
 * Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html#the-plaintext-protocol
 */

import type { Metric } from "../core/metric.ts";
import { fixed } from "./fixed.ts";

/** One line with its newline. Blanks in a path would break the line; they become underscores. */
export function graphiteLine(metric: Metric): string {
  const { series, value, timestamp } = metric;
  return `${lineSafe(series.path)} ${fixed(value, series.precision)} ${timestamp}\n`;
}

/** The lines of a batch, in order. */
export function graphiteLines(batch: readonly Metric[], prefix = ""): string {
  let text = "";
  for (const metric of batch) text += prefix + graphiteLine(metric);
  return text;
}

const encoder = new TextEncoder();

/** The same as bytes; `prefix` comes before each path. */
export function encodeLines(batch: readonly Metric[], prefix = ""): Uint8Array {
  return encoder.encode(graphiteLines(batch, prefix));
}

function lineSafe(path: string): string {
  return /[\s\0]/.test(path) ? path.replace(/[\s\0]/g, "_") : path;
}

export interface GraphitePoint {
  readonly path: string;
  readonly value: number;
  readonly timestamp: number;
  /** Digits behind the point. */
  readonly precision: number;
}

const LINE = /^(\S+)\s+([+-]?[\d.]+(?:e[+-]?\d+)?)\s+(\d+(?:\.\d+)?)\s*$/i;

/** One line without its newline; undefined where it is none. */
export function parseGraphiteLine(line: string): GraphitePoint | undefined {
  const [, path, value, timestamp] = LINE.exec(line) ?? [];
  if (path === undefined || !Number.isFinite(Number(value))) return undefined;
  const precision = /^[+-]?\d*\.(\d+)$/.exec(value)?.[1].length ?? 0;
  return { path, value: Number(value), timestamp: Number(timestamp), precision };
}
