/**
 * Lines of text written straight as bytes into one buffer that is kept: a tick of a thousand lines
 * makes no string and leaves no garbage. The fast way to write a number is taken where it cannot
 * differ from `fixed`, which has the last word everywhere else.
 */

import { fixed } from "./fixed.ts";

const FIRST_BYTES = 16 * 1024;
/** A buffer that grew beyond this is let go by a batch that needs less than a quarter of it. */
const KEPT_BYTES = 256 * 1024;
const LEAST_USE = 1 / 4;
/** Room that a number, a timestamp and a newline never need. */
const NUMBER_ROOM = 512;
const ZERO = 48;
const MINUS = 45;
const POINT = 46;
/** Below this a product is at most a quarter of `NEAR_TIE` from the exact one. */
const FAST_BELOW = 2 ** 40;
/** Digits behind the point that the fast way knows. */
const SCALES = [1, 10, 100, 1000];
/** A value that is nearer to a tie than this is left to `fixed`. */
const NEAR_TIE = 1e-3;
const INT32 = 2 ** 31;

const encoder = new TextEncoder();

export interface LineBytes {
  bytes(part: DataView, from: number, to: number): void;
  /** As `fixed(value, precision)`. */
  number(value: number, precision: number): void;
  /** What was written since the last call, good until the next one writes. */
  take(): Uint8Array;
}

/** Up to here a loop is faster than a call of the runtime's. */
const MOST_BY_HAND = 128;
/** Bytes in one step of the loop: as many as both runtimes move without a call. */
const STEP = 4;

export function createLineBytes(): LineBytes {
  let buffer = new Uint8Array(FIRST_BYTES);
  let words = new DataView(buffer.buffer);
  let length = 0;

  function reserve(room: number): void {
    if (length + room <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, length + room));
    larger.set(buffer.subarray(0, length));
    use(larger);
  }

  function use(other: Uint8Array<ArrayBuffer>): void {
    buffer = other;
    words = new DataView(other.buffer);
  }

  function bytes(part: DataView, from: number, to: number): void {
    const count = to - from;
    reserve(count + STEP);
    if (count > MOST_BY_HAND) {
      buffer.set(new Uint8Array(part.buffer, part.byteOffset + from, count), length);
      length += count;
      return;
    }
    // The last step may copy too much: what is written next is written over it.
    const last = part.byteLength - STEP;
    let at = from;
    let out = length;
    for (; at < to && at <= last; at += STEP, out += STEP) {
      words.setInt32(out, part.getInt32(at, true), true);
    }
    for (; at < to; at++, out++) buffer[out] = part.getUint8(at);
    length += count;
  }

  /** A whole number that is not negative, in this many digits. */
  function digits(value: number, count: number): void {
    let at = length += count;
    let rest = value;
    for (; rest >= INT32; count--) {
      const tenth = Math.floor(rest / 10);
      buffer[--at] = ZERO + (rest - tenth * 10);
      rest = tenth;
    }
    for (; count > 0; count--) {
      const tenth = (rest / 10) | 0;
      buffer[--at] = ZERO + (rest - tenth * 10);
      rest = tenth;
    }
  }

  function number(value: number, precision: number): void {
    reserve(NUMBER_ROOM);
    const scale = SCALES[precision];
    const size = Math.abs(value);
    const scaled = Number.isSafeInteger(value) ? 0 : size * scale;
    // The negated comparison takes NaN as well.
    if (scale === undefined || !(scaled < FAST_BELOW) || Object.is(value, -0)) {
      return slow(value, precision);
    }
    let integer = size;
    let part = 0;
    if (scaled > 0) {
      const whole = Math.floor(scaled);
      const behind = scaled - whole;
      if (Math.abs(behind - 0.5) < NEAR_TIE) return slow(value, precision);
      const rounded = behind > 0.5 ? whole + 1 : whole;
      integer = Math.floor(rounded / scale);
      part = rounded - integer * scale;
    }
    if (value < 0) buffer[length++] = MINUS;
    digits(integer, digitsOf(integer));
    if (precision === 0) return;
    buffer[length++] = POINT;
    digits(part, precision);
  }

  function slow(value: number, precision: number): void {
    const text = encoder.encode(fixed(value, precision));
    bytes(new DataView(text.buffer, text.byteOffset, text.length), 0, text.length);
  }

  return {
    bytes,
    number,
    take() {
      const written = buffer.subarray(0, length);
      const unused = length < buffer.length * LEAST_USE;
      if (unused && buffer.length > KEPT_BYTES) use(new Uint8Array(FIRST_BYTES));
      length = 0;
      return written;
    },
  };
}

function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  let count = 4;
  for (let limit = 10_000; value >= limit; limit *= 10) count++;
  return count;
}
