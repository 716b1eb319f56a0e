/**
 * Graphite's plaintext protocol: `path value timestamp\n`.
 * Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html#the-plaintext-protocol
 */

import type { Metric } from "../core/metric.ts";
import { fixed } from "./fixed.ts";
import { createLineBytes } from "./line_bytes.ts";
import { createLineHeads } from "./line_heads.ts";

/** One line with its newline. Blanks in a path would break the line; they become underscores. */
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

const encoder = new TextEncoder();

/**
 * The same as bytes, for one connection; `prefix` comes before each path. What it returns is good until
 * the next batch.
 */
export function lineEncoder(prefix = ""): (batch: readonly Metric[]) => Uint8Array {
  const lines = createLineBytes();
  const heads = createLineHeads((series) => `${prefix}${lineSafe(series.path)} `);
  let time: number | undefined;
  let tail: DataView = new DataView(new ArrayBuffer());

  return (batch) => {
    heads.begin(batch.length);
    for (const { series, value, timestamp } of batch) {
      const place = heads.find(series);
      lines.bytes(heads.bytes, heads.start(place), heads.end(place));
      lines.number(value, series.precision);
      if (timestamp !== time) tail = viewOf(encoder.encode(` ${time = timestamp}\n`));
      lines.bytes(tail, 0, tail.byteLength);
    }
    return lines.take();
  };
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
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
