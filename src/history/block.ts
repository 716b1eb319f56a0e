/**
 * A block: the points of many series over some time, a column each. Times are written once for all series.
 * Values are whole numbers of their last decimal, each as the difference from the one before; those that
 * do not fit are floats.
 */

import { ByteReader, ByteWriter } from "./bytes.ts";

export interface Column {
  /** The number of the series. */
  readonly series: number;
  /** Decimals that the values were published with. */
  readonly precision: number;
  /** As many values as the block has times; NaN where the series has none. */
  readonly values: Float64Array;
}

export interface DecodedBlock {
  readonly times: Float64Array;
  readonly columns: Column[];
}

/** How a column's values are written, besides 0 to `MAX_DECIMALS`, their decimals. */
const AS_FLOATS = 255;
const MAX_DECIMALS = 15;
/** Differences of two of these are below 2^52. */
const MAX_WHOLE = 2 ** 51;
/** The marker of a missing value's column: which of its times are there. */
const [ALL_THERE, SOME_THERE] = [0, 1];

/** `times` in seconds, ascending. */
export function encodeBlock(times: Float64Array, columns: Iterable<Column>): Uint8Array {
  const out = new ByteWriter();
  out.unsigned(times.length);
  let before = 0;
  for (const time of times) {
    out.unsigned(time - before);
    before = time;
  }
  const part = new ByteWriter();
  for (const column of columns) {
    part.clear();
    writeColumn(part, column);
    // The length lets a reader skip series that the query does not want.
    out.unsigned(column.series);
    out.unsigned(part.length);
    out.bytes(part.view());
  }
  out.unsigned(0);
  return out.view().slice();
}

/** Only the columns of series that are wanted. Throws a RangeError where the bytes end too early. */
export function decodeBlock(
  data: Uint8Array,
  isWanted: (series: number) => boolean,
): DecodedBlock {
  const input = new ByteReader(data);
  const count = input.unsigned();
  if (count > data.length) throw new RangeError("more times than bytes");
  const times = new Float64Array(count);
  let time = 0;
  for (let at = 0; at < count; at++) times[at] = time += input.unsigned();
  const columns: Column[] = [];
  for (;;) {
    const series = input.unsigned();
    if (series === 0) return { times, columns };
    const length = input.unsigned();
    if (isWanted(series)) columns.push({ series, ...readColumn(input, count) });
    else input.skip(length);
  }
}

function writeColumn(out: ByteWriter, { precision, values }: Column): void {
  const missing = values.some(Number.isNaN);
  out.byte(missing ? SOME_THERE : ALL_THERE);
  if (missing) writePresence(out, values);
  const scale = 10 ** precision;
  const isWhole = precision <= MAX_DECIMALS &&
    values.every((value) => Number.isNaN(value) || Math.abs(value * scale) < MAX_WHOLE);
  out.byte(isWhole ? precision : AS_FLOATS);
  let before = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (!isWhole) {
      out.float(value);
      continue;
    }
    const whole = Math.round(value * scale);
    out.signed(whole - before);
    before = whole;
  }
}

/** A bit for each time. */
function writePresence(out: ByteWriter, values: Float64Array): void {
  for (let at = 0; at < values.length; at += 8) {
    let bits = 0;
    for (let bit = 0; bit < 8 && at + bit < values.length; bit++) {
      if (!Number.isNaN(values[at + bit])) bits |= 1 << bit;
    }
    out.byte(bits);
  }
}

function readColumn(input: ByteReader, count: number): Omit<Column, "series"> {
  const values = new Float64Array(count);
  const presence = input.byte() === SOME_THERE ? readPresence(input, count) : undefined;
  const kind = input.byte();
  const scale = 10 ** kind;
  let whole = 0;
  for (let at = 0; at < count; at++) {
    if (presence !== undefined && (presence[at >> 3] & (1 << (at & 7))) === 0) values[at] = NaN;
    else if (kind === AS_FLOATS) values[at] = input.float();
    else values[at] = (whole += input.signed()) / scale;
  }
  return { precision: kind === AS_FLOATS ? MAX_DECIMALS + 1 : kind, values };
}

function readPresence(input: ByteReader, count: number): Uint8Array {
  return Uint8Array.from({ length: (count + 7) >> 3 }, () => input.byte());
}
