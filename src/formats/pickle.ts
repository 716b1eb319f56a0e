/**
 * Graphite's pickle protocol: frames of a length and a pickled list of `(path, (timestamp, value))`,
 * in protocol 2 and with the few opcodes that every reader of carbon's kind takes.
 * Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html#the-pickle-protocol
 */

import type { Metric } from "../core/metric.ts";

const PROTO = 0x80;
const EMPTY_LIST = 0x5d;
const MARK = 0x28;
const BINUNICODE = 0x58;
const BININT = 0x4a;
const LONG1 = 0x8a;
const BINFLOAT = 0x47;
const TUPLE2 = 0x86;
const APPENDS = 0x65;
const STOP = 0x2e;

const LENGTH_BYTES = 4;
/** Around the entries: protocol, list, mark; appends, stop. */
const FRAME_BYTES = 6;
/** Around a path: its opcode and length; the timestamp; the value; two tuples. */
const ENTRY_BYTES = 5 + 8 + 9 + 2;
const MAX_INT32 = 2 ** 31 - 1;
/** carbon closes a connection on a frame of 100,000 bytes or more. */
const MAX_BYTES = 90_000;

const encoder = new TextEncoder();

/** Frames for a batch, one after the other; values go unrounded, as floats. */
export function pickleFrames(batch: readonly Metric[], most = MAX_BYTES): Uint8Array {
  const paths = batch.map(({ series }) => encoder.encode(series.path));
  const frames: Uint8Array[] = [];
  for (let first = 0; first < batch.length;) {
    let end = first;
    let length = FRAME_BYTES;
    do length += ENTRY_BYTES + paths[end++].length; while (
      end < batch.length && length + ENTRY_BYTES + paths[end].length <= most
    );
    frames.push(frame(batch.slice(first, end), paths.slice(first, end), length));
    first = end;
  }
  return joined(frames);
}

function frame(batch: readonly Metric[], paths: readonly Uint8Array[], most: number): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + most);
  const view = new DataView(bytes.buffer);
  let at = LENGTH_BYTES;
  const put = (...values: number[]) => {
    for (const value of values) bytes[at++] = value;
  };
  put(PROTO, 2, EMPTY_LIST, MARK);
  batch.forEach(({ timestamp, value }, index) => {
    const path = paths[index];
    put(BINUNICODE);
    view.setUint32(at, path.length, true);
    bytes.set(path, at + 4);
    at += 4 + path.length;
    if (timestamp <= MAX_INT32) {
      put(BININT);
      view.setInt32(at, timestamp, true);
      at += 4;
    } else {
      // From 2038 on: five bytes keep the sign bit clear.
      put(LONG1, 5);
      view.setUint32(at, timestamp % 2 ** 32, true);
      bytes[at + 4] = Math.floor(timestamp / 2 ** 32);
      at += 5;
    }
    put(BINFLOAT);
    view.setFloat64(at, value);
    at += 8;
    put(TUPLE2, TUPLE2);
  });
  put(APPENDS, STOP);
  view.setUint32(0, at - LENGTH_BYTES);
  return bytes.subarray(0, at);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
