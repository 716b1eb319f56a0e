/**
 * Lines of text, one for each metric: head, value, tail. Those of a tick are nearly those of the tick before:
 * the same series in the same order, most of them with the same value. So what stays is copied out of the last
 * text in long stretches; only values that are others are written, and of the time the digits that are.
 */

import { enlarged } from "../core/enlarged.ts";
import type { Metric, Series } from "../core/metric.ts";
import { createLineBytes } from "./line_bytes.ts";
import { createLineHeads } from "./line_heads.ts";

/**
 * The lines of the last text that may come again: all from its beginning on, up to the first one of another
 * time. While a text is made, its own lines take the places of those that were passed.
 */
interface Layout {
  length: number;
  readonly series: (Series | undefined)[];
  values: Float64Array;
  /** Of each value, in the text. */
  starts: Int32Array;
  ends: Int32Array;
}

const INITIAL_LINES = 512;
const MAX_LINES = 16_384;
/** Series come and go: so far is one looked for behind the place where it should be. */
const MAX_AHEAD = 128;
/** When so many were not found there, the batch is another one. */
const MAX_MISSES = 256;
/** Lines that are new get room for so many at once, or for a quarter of those behind them. */
const MIN_ROOM = 64;
const ROOM = 1 / 4;

const encoder = new TextEncoder();

/** What it returns is good until the next batch. */
export function createRepeatedLines(
  headOf: (series: Series) => string,
  tailOf: (timestamp: number) => string,
): (batch: readonly Metric[]) => Uint8Array {
  const lines = createLineBytes();
  const heads = createLineHeads(headOf);
  const layout = newLayout();
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
    if (tailLength !== lastTail.byteLength) layout.length = 0;
    let { series: known, values, starts, ends } = layout;
    /** Lines of this text in the layout. */
    let count = 0;
    /** Of the last lines, the one that should come now, and how many were looked for in vain. */
    let next = 0;
    let misses = 0;
    let missesInRow = 0;
    /** The stretch of the last text that is to be copied, and how much further on it will stand. */
    let from = 0;
    let to = 0;
    let shift = 0;
    /** The layout has no gaps: what comes behind a line of another time is written anew each time. */
    let repeats = true;
    for (const { series, value, timestamp } of batch) {
      repeats = repeats && timestamp === firstTime && count < MAX_LINES;
      let at = repeats ? next : -1;
      if (repeats && (next >= layout.length || known[next] !== series)) {
        // A whole row of new ones is not looked for one by one.
        const seeks = misses < MAX_MISSES && (missesInRow & (missesInRow - 1)) === 0;
        at = seeks ? placeOf(series, layout, next) : -1;
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
        if (repeats) {
          if (count === next) {
            next += makeRoom(layout, count);
            ({ values, starts, ends } = layout);
          }
          known[count] = series;
          values[count] = value;
          starts[count] = start;
          ends[count] = lines.length;
          count++;
        }
        setTime(timestamp);
        lines.bytes(tail, 0, tail.byteLength);
        shift = lines.length - from;
        continue;
      }
      missesInRow = 0;
      if (at !== next) {
        if (to > from) lines.again(from, to);
        from = ends[at - 1] + tailLength;
        shift = lines.length - from;
      }
      next = at + 1;
      const end = ends[at];
      to = end + tailLength;
      if (count !== at) known[count] = series;
      if (Object.is(values[at], value)) {
        // Mostly it stands where it stood.
        if (shift !== 0 || count !== at) {
          values[count] = value;
          starts[count] = starts[at] + shift;
          ends[count] = end + shift;
        }
      } else {
        lines.again(from, starts[at]);
        from = end;
        values[count] = value;
        starts[count] = lines.length;
        lines.number(value, series.precision);
        ends[count] = lines.length;
        shift = lines.length - from;
      }
      count++;
    }
    if (to > from) lines.again(from, to);
    layout.length = count;
    lines.over(ends, count, firstTail, firstDifference(lastTail, firstTail));
    lastTail = firstTail;
    return lines.take();
  };
}

/** The line of a series, at most some lines behind `next`; -1 where it is not there. */
function placeOf(series: Series, { series: known, length }: Layout, next: number): number {
  const end = Math.min(next + MAX_AHEAD, length);
  for (let at = next; at < end; at++) if (known[at] === series) return at;
  return -1;
}

function newLayout(): Layout {
  return {
    length: 0,
    series: [],
    values: new Float64Array(INITIAL_LINES),
    starts: new Int32Array(INITIAL_LINES),
    ends: new Int32Array(INITIAL_LINES),
  };
}

/** Moves the lines from `at` on to further behind, and returns by how many places. */
function makeRoom(layout: Layout, at: number): number {
  const { length } = layout;
  const room = Math.max(MIN_ROOM, Math.ceil((length - at) * ROOM));
  layout.length += room;
  let size = layout.values.length;
  while (size < layout.length) size *= 2;
  if (size > layout.values.length) {
    layout.values = enlarged(new Float64Array(size), layout.values);
    layout.starts = enlarged(new Int32Array(size), layout.starts);
    layout.ends = enlarged(new Int32Array(size), layout.ends);
  }
  const { series, values, starts, ends } = layout;
  while (series.length < layout.length) series.push(undefined);
  for (const column of [series, values, starts, ends]) column.copyWithin(at + room, at, length);
  return room;
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
