/**
 * Graphite's plaintext protocol: `path value timestamp\n`.
 * Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html#the-plaintext-protocol
 */

import type { Metric } from "../core/metric.ts";
import { cleanPath } from "../core/naming.ts";
import { fixed } from "./fixed.ts";
import { createLineWriter } from "./line_writer.ts";

/** One line with its newline. What would break the line, or be read as a tag, becomes an underscore. */
export function graphiteLine(metric: Metric): string {
  const { series, value, timestamp } = metric;
  return `${lineSafe(series.path)} ${fixed(value, series.precision)} ${timestamp}\n`;
}

/** The lines of a batch, in order. */
export function graphiteLines(batch: readonly Metric[]): string {
  let text = "";
  for (const metric of batch) text += graphiteLine(metric);
  return text;
}

/**
 * The same as bytes, for one connection; `prefix` comes before each path. What it returns is good until
 * the next batch.
 */
export function lineEncoder(prefix = ""): (batch: readonly Metric[]) => Uint8Array {
  return createLineWriter(
    ({ path }) => `${prefix}${lineSafe(path)} `,
    (timestamp) => ` ${timestamp}\n`,
  );
}

/** A series is made with a clean path. One from an old spool may have another. */
function lineSafe(path: string): string {
  return UNSAFE.test(path) ? cleanPath(path) : path;
}

// deno-lint-ignore no-control-regex
const UNSAFE = /[\s;\0-\x1f\x7f-\x9f]/;

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
