/**
 * The rows of a SQLite file by its pages alone, for one whose tree is damaged: every leaf has its rows
 * complete, but for what lies on overflow pages.
 * Source: https://www.sqlite.org/fileformat2.html
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

type RawValue = null | number | Uint8Array;

export interface RawRow {
  readonly id: number;
  /** A text comes as its bytes. */
  readonly columns: readonly RawValue[];
}

const LEAF = 0x0d;
const DEFAULT_PAGE = 4096;
const FILE_HEADER = 100;
/** A batch is far smaller: what says more is damaged. */
const MAX_PAYLOAD = 4_194_304;

/** Throws where there is no such file. Rows of pages that were freed come as well. */
export function* rawRows(path: string): Generator<RawRow> {
  const file = openSync(path, "r");
  try {
    const header = new Uint8Array(FILE_HEADER);
    readSync(file, header, 0, FILE_HEADER, 0);
    const told = (header[16] << 8) | header[17];
    const size = told >= 512 && (told & (told - 1)) === 0 ? told : DEFAULT_PAGE;
    const pages = Math.floor(fstatSync(file).size / size);
    const page = new Uint8Array(size);
    const overflow = new Uint8Array(size);
    const read = (number: number, into: Uint8Array) =>
      number >= 1 && number <= pages && readSync(file, into, 0, size, (number - 1) * size) === size;
    for (let number = 1; number <= pages; number++) {
      const start = number === 1 ? FILE_HEADER : 0;
      if (!read(number, page) || page[start] !== LEAF) continue;
      const cells = (page[start + 3] << 8) | page[start + 4];
      for (let cell = 0; cell < cells; cell++) {
        const at = start + 8 + 2 * cell;
        if (at + 2 > size) break;
        const row = rowAt(page, (page[at] << 8) | page[at + 1], (next) => {
          return read(next, overflow) ? overflow : undefined;
        });
        if (row !== undefined) yield row;
      }
    }
  } finally {
    closeSync(file);
  }
}

type Overflow = (page: number) => Uint8Array | undefined;

function rowAt(page: Uint8Array, at: number, overflow: Overflow): RawRow | undefined {
  const cursor = { bytes: page, at };
  const length = varint(cursor);
  const id = varint(cursor);
  if (length < 2 || length > MAX_PAYLOAD || !Number.isSafeInteger(id)) return undefined;
  const payload = payloadOf(page, cursor.at, length, overflow);
  const columns = payload && columnsOf(payload);
  return columns && { id, columns };
}

/** What does not fit into the page goes on in others, one naming the next. */
function payloadOf(
  page: Uint8Array,
  at: number,
  length: number,
  overflow: Overflow,
): Uint8Array | undefined {
  const size = page.length;
  const least = Math.floor(((size - 12) * 32) / 255) - 23;
  const wanted = least + ((length - least) % (size - 4));
  const local = length <= size - 35 ? length : wanted <= size - 35 ? wanted : least;
  if (at + local > size) return undefined;
  const payload = new Uint8Array(length);
  payload.set(page.subarray(at, at + local));
  let filled = local;
  let next = filled < length ? number32(page, at + local) : 0;
  while (filled < length) {
    const more = overflow(next);
    if (more === undefined) return undefined;
    const part = more.subarray(4, 4 + Math.min(size - 4, length - filled));
    payload.set(part, filled);
    filled += part.length;
    next = number32(more, 0);
  }
  return payload;
}

function columnsOf(payload: Uint8Array): RawValue[] | undefined {
  const header = { bytes: payload, at: 0 };
  const end = varint(header);
  let at = end;
  const columns: RawValue[] = [];
  while (header.at < end) {
    const type = varint(header);
    const size = sizeOf(type);
    if (!(at + size <= payload.length)) return undefined;
    columns.push(valueOf(payload.subarray(at, at + size), type));
    at += size;
  }
  return columns;
}

const NUMBER_SIZES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function sizeOf(type: number): number {
  return type >= 12 ? (type - (type % 2 === 0 ? 12 : 13)) / 2 : NUMBER_SIZES[type] ?? NaN;
}

function valueOf(bytes: Uint8Array, type: number): RawValue {
  if (type === 0) return null;
  if (type >= 12) return bytes;
  if (type === 8 || type === 9) return type - 8;
  let value = bytes[0] >= 128 ? -1 : 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value;
}

/** NaN where it runs out of the page. */
function varint(cursor: { readonly bytes: Uint8Array; at: number }): number {
  let value = 0;
  for (let count = 0; count < 8; count++) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) return NaN;
    value = value * 128 + (byte & 127);
    if (byte < 128) return value;
  }
  return NaN;
}

function number32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
