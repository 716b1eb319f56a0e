/**
 * Lines of text written straight as bytes into one buffer that is kept: a tick of a thousand lines
 * makes no string and leaves no garbage. The fast way to write a number is taken where it cannot
 * differ from `fixed`, which has the last word everywhere else.
 *
 * The buffer has two halves. One holds the text before, for what of it comes again; they take turns.
 */

import { fixed } from "./fixed.ts";

const INITIAL_BYTES = 16 * 1024;
/** Halves that grew beyond this are let go by a text that needs less than a quarter of one. */
const KEPT_BYTES = 256 * 1024;
const MIN_USE = 1 / 4;
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
/** `00` to `99`. */
const PAIRS = Uint8Array.from(
  { length: 200 },
  (_, at) => ZERO + (at % 2 === 0 ? Math.floor(at / 20) : (at >> 1) % 10),
);

const encoder = new TextEncoder();

export interface LineBytes {
  /** Bytes of this text so far. */
  readonly length: number;
  bytes(part: DataView, from: number, to: number): void;
  /** As `fixed(value, precision)`. */
  number(value: number, precision: number): void;
  /** A stretch of the text that was taken last. */
  again(from: number, to: number): void;
  /** At the first `count` of these places a part over what stands there already, from its byte `from` on. */
  over(places: Int32Array, count: number, part: DataView, from: number): void;
  /** What was written since the last call, good until the next one. */
  take(): Uint8Array;
}

/** Up to here a loop is faster than a call of the runtime's. */
const MAX_BY_HAND = 128;
/** Bytes in one step of the loop: as many as both runtimes move without a call. */
const STEP = 4;

export function createLineBytes(): LineBytes {
  let buffer = new Uint8Array(2 * INITIAL_BYTES);
  let words = new DataView(buffer.buffer);
  /** Where this text begins and where the half ends that it may fill. */
  let begin = 0;
  let limit = INITIAL_BYTES;
  /** Where the text before begins, and how long it is. */
  let before = INITIAL_BYTES;
  let beforeLength = 0;
  /** Where the next byte goes. */
  let end = 0;

  function reserve(room: number): void {
    if (end + room > limit) resize(Math.max(buffer.length, end - begin + room));
  }

  /** Moves both texts into halves of so many bytes. */
  function resize(half: number): void {
    const other = new Uint8Array(2 * half);
    other.set(buffer.subarray(begin, end));
    other.set(buffer.subarray(before, before + beforeLength), half);
    end -= begin;
    begin = 0;
    before = limit = half;
    buffer = other;
    words = new DataView(other.buffer);
  }

  function bytes(part: DataView, from: number, to: number): void {
    const count = to - from;
    reserve(count + STEP);
    if (count > MAX_BY_HAND) {
      buffer.set(new Uint8Array(part.buffer, part.byteOffset + from, count), end);
      end += count;
      return;
    }
    // The last step may copy too much: what is written next is written over it.
    const into = words;
    const last = part.byteLength - STEP;
    let at = from;
    let out = end;
    for (; at < to && at <= last; at += STEP, out += STEP) {
      into.setInt32(out, part.getInt32(at, true), true);
    }
    for (; at < to; at++, out++) into.setUint8(out, part.getUint8(at));
    end += count;
  }

  function number(value: number, precision: number): void {
    reserve(NUMBER_ROOM);
    const scale = SCALES[precision];
    const size = Math.abs(value);
    const scaled = Number.isInteger(size) ? 0 : size * scale;
    // The negated comparisons take NaN as well.
    if (scale === undefined || !(size <= Number.MAX_SAFE_INTEGER) || !(scaled < FAST_BELOW)) {
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
    } else if (size === 0 && Object.is(value, -0)) {
      return slow(value, precision);
    }
    const into = buffer;
    let at = end;
    if (value < 0) into[at++] = MINUS;
    const count = digitsOf(integer);
    digits(into, at, integer, count);
    at += count;
    if (precision > 0) {
      into[at++] = POINT;
      digits(into, at, part, precision);
      at += precision;
    }
    end = at;
  }

  function slow(value: number, precision: number): void {
    const text = encoder.encode(fixed(value, precision));
    bytes(new DataView(text.buffer, text.byteOffset, text.length), 0, text.length);
  }

  return {
    get length() {
      return end - begin;
    },
    bytes,
    number,
    again(from, to) {
      reserve(to - from);
      buffer.copyWithin(end, before + from, before + to);
      end += to - from;
    },
    over(places, count, part, from) {
      const into = buffer;
      for (let i = from; i < part.byteLength; i++) {
        const byte = part.getUint8(i);
        const offset = begin + i;
        for (let at = 0; at < count; at++) into[places[at] + offset] = byte;
      }
    },
    take() {
      const written = buffer.subarray(begin, end);
      const half = buffer.length / 2;
      beforeLength = written.length;
      before = begin;
      begin = end = half - begin;
      limit = begin + half;
      const unused = beforeLength < half * MIN_USE;
      if (unused && half > KEPT_BYTES) resize(Math.max(beforeLength, INITIAL_BYTES));
      return written;
    },
  };
}

/** A whole number that is not negative, in this many digits, two in each step. */
function digits(into: Uint8Array, at: number, value: number, count: number): void {
  let out = at + count;
  let rest = value;
  for (; rest >= INT32; out -= 2) {
    const hundreds = Math.floor(rest / 100);
    const pair = 2 * (rest - hundreds * 100);
    into[out - 2] = PAIRS[pair];
    into[out - 1] = PAIRS[pair + 1];
    rest = hundreds;
  }
  // A product is cheaper than a quotient, and as exact: 0.01 is a little more than a hundredth.
  let small = rest | 0;
  for (; out >= at + 2; out -= 2) {
    const hundreds = (small * 0.01) | 0;
    const pair = 2 * (small - hundreds * 100);
    into[out - 2] = PAIRS[pair];
    into[out - 1] = PAIRS[pair + 1];
    small = hundreds;
  }
  if (out > at) into[at] = ZERO + small;
}

function digitsOf(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count++;
  return count;
}
