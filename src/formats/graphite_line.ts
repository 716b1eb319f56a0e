/**
 * Graphite's plaintext protocol: `path value timestamp\n`.
 * Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html#the-plaintext-protocol
 */

import type { Metric, Series } from "../core/metric.ts";
import { fixed } from "./fixed.ts";
import { createLineBytes } from "./line_bytes.ts";

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

const FIRST_BYTES = 16 * 1024;
/** Lines of a batch whose heads are kept together: a tick's, hardly a backlog's. */
const MOST_TOGETHER = 4096;

/**
 * The same as bytes, for one connection; `prefix` comes before each path. What it returns is good until
 * the next batch.
 *
 * What the lines of a tick begin with lies together, in their order: a second has passed since the last
 * tick, and memory that is read one after the other comes back the fastest.
 */
export function lineEncoder(prefix = ""): (batch: readonly Metric[]) => Uint8Array {
  const lines = createLineBytes();
  const heads = new WeakMap<Series, Uint8Array>();
  /** The series of the batch before, which is mostly the next one's, and their heads in one piece. */
  const order: Series[] = [];
  let together = new Uint8Array(FIRST_BYTES);
  let togetherView = viewOf(together);
  /** Where each head ends in it. */
  const ends = new Int32Array(MOST_TOGETHER);
  let time: number | undefined;
  let tail = viewOf(new Uint8Array());

  function headOf(series: Series): Uint8Array {
    let head = heads.get(series);
    if (head === undefined) {
      head = encoder.encode(`${prefix}${lineSafe(series.path)} `);
      heads.set(series, head);
    }
    return head;
  }

  /** From this place on the order is another one. */
  function learn(batch: readonly Metric[], from: number): void {
    const to = Math.min(batch.length, MOST_TOGETHER);
    let end = from === 0 ? 0 : ends[from - 1];
    for (let at = from; at < to; at++) {
      const { series } = batch[at];
      const head = headOf(series);
      if (end + head.length > together.length) {
        const larger = new Uint8Array(2 * together.length + head.length);
        larger.set(together);
        together = larger;
        togetherView = viewOf(larger);
      }
      together.set(head, end);
      end += head.length;
      order[at] = series;
      ends[at] = end;
    }
    order.length = to;
  }

  return (batch) => {
    let start = 0;
    for (let at = 0; at < batch.length; at++) {
      const { series, value, timestamp } = batch[at];
      if (at < MOST_TOGETHER) {
        if (order[at] !== series) learn(batch, at);
        const end = ends[at];
        lines.bytes(togetherView, start, end);
        start = end;
      } else {
        const head = headOf(series);
        lines.bytes(viewOf(head), 0, head.length);
      }
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
