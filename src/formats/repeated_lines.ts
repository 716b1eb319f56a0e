/**
 * Lines of text, one for each metric: head, value, tail. Those of a tick are nearly those of the tick before:
 * the same series in the same order, most of them with the same value. So what stays is copied out of the last
 * text in long stretches; only values that are others are written, and of the time the digits that are.
 */

import { enlarged } from "../core/enlarged.ts";
import type { Metric, Series } from "../core/metric.ts";
import { createLineBytes } from "./line_bytes.ts";
import { createLineHeads } from "./line_heads.ts";

/** The lines of a text that may come again: those of its first time. */
interface Layout {
  length: number;
  readonly series: Series[];
  values: Float64Array;
  /** Of each value, in the text. */
  starts: Int32Array;
  ends: Int32Array;
}

const FIRST_LINES = 512;
const MOST_LINES = 16_384;
/** Series come and go: so far is one looked for behind the place where it should be. */
const MOST_AHEAD = 128;
/** When so many were not found there, the batch is another one. */
const MOST_MISSES = 256;

const encoder = new TextEncoder();

/** What it returns is good until the next batch. */
export function createRepeatedLines(
  headOf: (series: Series) => string,
  tailOf: (timestamp: number) => string,
): (batch: readonly Metric[]) => Uint8Array {
  const lines = createLineBytes();
  const heads = createLineHeads(headOf);
  let last = newLayout();
  let present = newLayout();
  /** Of the first time in the last text. */
  let lastTail = viewOf("");
  let time = NaN;
  let tail = lastTail;

  function setTime(timestamp: number): void {
    if (timestamp === time) return;
    time = timestamp;
    tail = viewOf(tailOf(timestamp));
  }

  return (batch) => {
    heads.begin(batch.length);
    if (batch.length > 0) setTime(batch[0].timestamp);
    const firstTime = time;
    const firstTail = tail;
    const tailLength = firstTail.byteLength;
    if (tailLength !== lastTail.byteLength) last.length = 0;
    /** Of the last lines, the one that should come now, and how many were looked for in vain. */
    let next = 0;
    let misses = 0;
    let missesInRow = 0;
    /** The stretch of the last text that is to be copied. */
    let from = 0;
    let to = 0;
    for (const { series, value, timestamp } of batch) {
      const isFirstTime = timestamp === firstTime && present.length < MOST_LINES;
      let at = isFirstTime ? next : -1;
      if (isFirstTime && (next >= last.length || last.series[next] !== series)) {
        // A whole row of new ones is not looked for one by one.
        const seeks = misses < MOST_MISSES && (missesInRow & (missesInRow - 1)) === 0;
        at = seeks ? placeOf(series, last, next) : -1;
        misses++;
        missesInRow++;
      }
      if (at < 0) {
        if (to > from) lines.again(from, to);
        from = to;
        const head = heads.find(series);
        lines.bytes(heads.bytes, heads.start(head), heads.end(head));
        const start = lines.length;
        lines.number(value, series.precision);
        if (isFirstTime) note(present, series, value, start, lines.length);
        setTime(timestamp);
        lines.bytes(tail, 0, tail.byteLength);
        continue;
      }
      missesInRow = 0;
      if (at !== next || from === to) {
        if (to > from) lines.again(from, to);
        from = at === 0 ? 0 : last.ends[at - 1] + tailLength;
      }
      next = at + 1;
      let start = last.starts[at];
      let end = last.ends[at];
      to = end + tailLength;
      if (Object.is(last.values[at], value)) {
        const shift = lines.length - from;
        start += shift;
        end += shift;
      } else {
        lines.again(from, start);
        from = end;
        start = lines.length;
        lines.number(value, series.precision);
        end = lines.length;
      }
      note(present, series, value, start, end);
    }
    if (to > from) lines.again(from, to);
    lines.over(present.ends, present.length, firstTail, firstDifference(lastTail, firstTail));
    lastTail = firstTail;
    [last, present] = [present, last];
    present.length = 0;
    return lines.take();
  };
}

/** The line of a series, at most some lines behind `next`; -1 where it is not there. */
function placeOf(series: Series, { series: all, length }: Layout, next: number): number {
  const end = Math.min(next + MOST_AHEAD, length);
  for (let at = next; at < end; at++) if (all[at] === series) return at;
  return -1;
}

function note(layout: Layout, series: Series, value: number, start: number, end: number): void {
  const at = layout.length++;
  if (at === layout.values.length) grow(layout);
  layout.series[at] = series;
  layout.values[at] = value;
  layout.starts[at] = start;
  layout.ends[at] = end;
}

function newLayout(): Layout {
  return {
    length: 0,
    series: [],
    values: new Float64Array(FIRST_LINES),
    starts: new Int32Array(FIRST_LINES),
    ends: new Int32Array(FIRST_LINES),
  };
}

function grow(layout: Layout): void {
  const length = 2 * layout.values.length;
  layout.values = enlarged(new Float64Array(length), layout.values);
  layout.starts = enlarged(new Int32Array(length), layout.starts);
  layout.ends = enlarged(new Int32Array(length), layout.ends);
}

function viewOf(text: string): DataView {
  return new DataView(encoder.encode(text).buffer);
}

/** The first byte of the second one that is another one. */
function firstDifference(a: DataView, b: DataView): number {
  if (a.byteLength !== b.byteLength) return 0;
  let at = 0;
  while (at < b.byteLength && a.getUint8(at) === b.getUint8(at)) at++;
  return at;
}
