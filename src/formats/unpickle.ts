/**
 * Reads pickles of lists, tuples, texts and numbers, of protocols 0 to 5. Nothing is ever executed: a pickle that
 * names a class or a function is refused, like any opcode that is not below.
 * Source: https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */

import { escapedText, quotedText } from "./python_text.ts";

export type Pickled = string | number | null | readonly Pickled[];

/** Lists and tuples that are open at once, each with a mark of its own. */
const MAX_MARKS = 32;
/** Of a pickle, all together: each takes memory beyond its byte. */
const MAX_VALUES = 300_000;
/** Digits of a number in text. */
const MAX_DIGITS = 400;

class Refused extends Error {}

/** Undefined where it cannot be read, or is of anything else. */
export function unpickle(bytes: Uint8Array): Pickled | undefined {
  try {
    return new Reader(bytes).read();
  } catch (error) {
    if (error instanceof Refused || error instanceof RangeError) return undefined;
    throw error;
  }
}

type Opcode = (reader: Reader) => void;

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #stack: Pickled[] = [];
  /** What stood below each mark. */
  readonly #marks: Pickled[][] = [];
  readonly #memo = new Map<number, Pickled>();
  #values = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  read(): Pickled {
    for (;;) {
      const code = this.byte();
      if (code === STOP) break;
      const opcode = OPCODES.get(code);
      if (opcode === undefined) throw new Refused();
      opcode(this);
    }
    if (this.#stack.length !== 1 || this.#marks.length > 0) throw new Refused();
    return this.#stack[0];
  }

  byte(): number {
    return this.#view.getUint8(this.#at++);
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (!(end <= this.#bytes.length)) throw new Refused();
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  /** Unsigned, the least significant byte first. */
  size(length: 1 | 2 | 4 | 8): number {
    return this.take(length).reduceRight((sum, byte) => sum * 256 + byte, 0);
  }

  /** Up to the end of the line. */
  line(): string {
    const end = this.#bytes.indexOf(NEWLINE, this.#at);
    if (end < 0) throw new Refused();
    const text = latin1(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  int32(): number {
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4, true);
  }

  float64(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8);
  }

  push(value: Pickled): void {
    if (++this.#values > MAX_VALUES) throw new Refused();
    this.#stack.push(value);
  }

  pop(): Pickled {
    const value = this.#stack.pop();
    if (value === undefined) throw new Refused();
    return value;
  }

  mark(): void {
    if (this.#marks.length >= MAX_MARKS) throw new Refused();
    this.#marks.push(this.#stack);
    this.#stack = [];
  }

  /** All above the last mark. */
  toMark(): Pickled[] {
    const below = this.#marks.pop();
    if (below === undefined) throw new Refused();
    const above = this.#stack;
    this.#stack = below;
    return above;
  }

  /** The last so many values as one. */
  tuple(length: number): void {
    if (this.#stack.length < length) throw new Refused();
    this.push(this.#stack.splice(this.#stack.length - length));
  }

  append(values: readonly Pickled[]): void {
    const list = this.#stack.at(-1);
    if (!Array.isArray(list)) throw new Refused();
    for (const value of values) list.push(value);
  }

  put(key: number): void {
    const value = this.#stack.at(-1);
    if (value === undefined) throw new Refused();
    if (this.#memo.size >= MAX_VALUES) throw new Refused();
    this.#memo.set(key, value);
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  get(key: number): void {
    const value = this.#memo.get(key);
    if (value === undefined) throw new Refused();
    this.push(value);
  }
}

const STOP = 0x2e;
const NEWLINE = 10;
const utf8 = new TextDecoder();

const TABLE: readonly (readonly [code: string | number, opcode: Opcode])[] = [
  [0x80, (reader) => void reader.byte()], // PROTO
  [0x95, (reader) => void reader.take(8)], // FRAME
  ["(", (reader) => reader.mark()],
  ["]", (reader) => reader.push([])],
  [")", (reader) => reader.push([])],
  ["l", (reader) => reader.push(reader.toMark())],
  ["t", (reader) => reader.push(reader.toMark())],
  [0x85, (reader) => reader.tuple(1)],
  [0x86, (reader) => reader.tuple(2)],
  [0x87, (reader) => reader.tuple(3)],
  ["a", (reader) => reader.append([reader.pop()])],
  ["e", (reader) => reader.append(reader.toMark())],
  ["N", (reader) => reader.push(null)],
  [0x88, (reader) => reader.push(1)], // True
  [0x89, (reader) => reader.push(0)], // False
  ["I", (reader) => reader.push(numberOf(reader.line()))],
  ["L", (reader) => reader.push(numberOf(reader.line().replace(/L$/, "")))],
  ["F", (reader) => reader.push(numberOf(reader.line()))],
  ["J", (reader) => reader.push(reader.int32())],
  ["K", (reader) => reader.push(reader.size(1))],
  ["M", (reader) => reader.push(reader.size(2))],
  [0x8a, (reader) => reader.push(longOf(reader.take(reader.size(1))))],
  [0x8b, (reader) => reader.push(longOf(reader.take(reader.size(4))))],
  ["G", (reader) => reader.push(reader.float64())],
  ["S", (reader) => reader.push(read(quotedText(reader.line())))],
  ["V", (reader) => reader.push(escapedText(reader.line()))],
  ["T", (reader) => reader.push(utf8.decode(reader.take(reader.size(4))))],
  ["U", (reader) => reader.push(utf8.decode(reader.take(reader.size(1))))],
  ["X", (reader) => reader.push(utf8.decode(reader.take(reader.size(4))))],
  [0x8c, (reader) => reader.push(utf8.decode(reader.take(reader.size(1))))],
  [0x8d, (reader) => reader.push(utf8.decode(reader.take(reader.size(8))))],
  ["B", (reader) => reader.push(utf8.decode(reader.take(reader.size(4))))],
  ["C", (reader) => reader.push(utf8.decode(reader.take(reader.size(1))))],
  [0x8e, (reader) => reader.push(utf8.decode(reader.take(reader.size(8))))],
  ["p", (reader) => reader.put(keyOf(reader.line()))],
  ["q", (reader) => reader.put(reader.size(1))],
  ["r", (reader) => reader.put(reader.size(4))],
  [0x94, (reader) => reader.memoize()],
  ["g", (reader) => reader.get(keyOf(reader.line()))],
  ["h", (reader) => reader.get(reader.size(1))],
  ["j", (reader) => reader.get(reader.size(4))],
];
const OPCODES = new Map(
  TABLE.map(([code, opcode]) => [typeof code === "string" ? code.charCodeAt(0) : code, opcode]),
);

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function read(text: string | undefined): string {
  if (text === undefined) throw new Refused();
  return text;
}

function numberOf(text: string): number {
  const digits = text.trim();
  if (
    digits.length > MAX_DIGITS ||
    !/^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$|^[+-]?(nan|inf)$/i.test(digits)
  ) {
    throw new Refused();
  }
  return Number(digits);
}

function keyOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Refused();
  return Number(text);
}

/** Two's complement, the least significant byte first. */
function longOf(bytes: Uint8Array): number {
  if (bytes.length > 16) throw new Refused();
  let value = 0n;
  for (const byte of bytes.toReversed()) value = value * 256n + BigInt(byte);
  return Number(BigInt.asIntN(8 * bytes.length, value));
}
