/**
 * Writes lines of text as bytes: head, value, tail. One buffer is kept, so that a tick makes no garbage.
 * A number takes the fast way where it cannot differ from `fixed`, which has the last word elsewhere.
 */

import type { Metric, Series } from "../core/metric.ts";
import { fixed } from "./fixed.ts";

const INITIAL_BYTES = 32 * 1024;
/** A buffer that grew over this is let go by a batch that needs less than a quarter of it. */
const KEPT_BYTES = 512 * 1024;
/** Room that a number and a timestamp never need. */
const NUMBER_ROOM = 512;
/** Heads of series that have ended, which are kept until there are so many. */
const MAX_UNUSED_HEADS = 8192;
const [ZERO, MINUS, POINT] = [48, 45, 46];
const SCALES = [1, 10, 100, 1000];
/** Below this a product is at most a quarter of `NEAR_TIE` from the exact one. */
const FAST_BELOW = 2 ** 40;
/** A value nearer to a tie than this is left to `fixed`. */
const NEAR_TIE = 1e-3;

const encoder = new TextEncoder();

/** Encodes batches. What it returns is good until the next batch. */
export function createLineWriter(
  headOf: (series: Series) => string,
  tailOf: (timestamp: number) => string,
): (batch: readonly Metric[]) => Uint8Array {
  const heads = new Map<Series, Uint8Array>();
  let buffer = new Uint8Array(INITIAL_BYTES);
  let end = 0;
  let tail = new Uint8Array(0);
  let time = NaN;

  function reserve(room: number): void {
    if (end + room <= buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * buffer.length, end + room));
    larger.set(buffer);
    buffer = larger;
  }

  function bytes(part: Uint8Array): void {
    reserve(part.length + NUMBER_ROOM);
    // A loop is faster than a call of the runtime's for as few bytes as a line has.
    for (let at = 0; at < part.length; at++) buffer[end + at] = part[at];
    end += part.length;
  }

  function headFor(series: Series): Uint8Array {
    let head = heads.get(series);
    if (head === undefined) heads.set(series, head = encoder.encode(headOf(series)));
    return head;
  }

  return (batch) => {
    if (heads.size > batch.length + MAX_UNUSED_HEADS) heads.clear();
    if (buffer.length > KEPT_BYTES && end < buffer.length / 4) {
      buffer = new Uint8Array(INITIAL_BYTES);
    }
    end = 0;
    for (const { series, value, timestamp } of batch) {
      bytes(headFor(series));
      const after = writeNumber(buffer, end, value, series.precision);
      if (after > 0) end = after;
      else bytes(encoder.encode(fixed(value, series.precision)));
      if (timestamp !== time) {
        time = timestamp;
        tail = encoder.encode(tailOf(timestamp));
      }
      bytes(tail);
    }
    return buffer.subarray(0, end);
  };
}

/** Writes a number at a position and returns the position after it; 0 if only `fixed` can format it. */
function writeNumber(into: Uint8Array, start: number, value: number, precision: number): number {
  const size = Math.abs(value);
  const scale = SCALES[precision];
  // The negated comparison takes NaN as well.
  if (scale === undefined || !(size <= Number.MAX_SAFE_INTEGER) || Object.is(value, -0)) return 0;
  let integer = size;
  let fraction = 0;
  if (!Number.isInteger(size)) {
    const scaled = size * scale;
    if (scaled >= FAST_BELOW) return 0;
    const floor = Math.floor(scaled);
    const behind = scaled - floor;
    if (Math.abs(behind - 0.5) < NEAR_TIE) return 0;
    const rounded = behind > 0.5 ? floor + 1 : floor;
    integer = Math.floor(rounded / scale);
    fraction = rounded - integer * scale;
  }
  let at = start;
  if (value < 0) into[at++] = MINUS;
  at = writeDigits(into, at, integer, digitsOf(integer));
  if (precision === 0) return at;
  into[at++] = POINT;
  return writeDigits(into, at, fraction, precision);
}

function writeDigits(into: Uint8Array, at: number, value: number, count: number): number {
  let rest = value;
  for (let place = at + count - 1; place >= at; place--) {
    const next = Math.floor(rest / 10);
    into[place] = ZERO + (rest - next * 10);
    rest = next;
  }
  return at + count;
}

function digitsOf(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count++;
  return count;
}
