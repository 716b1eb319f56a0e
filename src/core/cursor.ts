/**
 * Reads fields from bytes; every parser of a /proc file uses it. It is shorter than `split`, and creates only the
 * strings that are requested. A cursor is on one line, at first the first. Fields are separated by blanks and end
 * with the line.
 */

import { badData } from "./errors.ts";
import { interned } from "./interned.ts";

const NEWLINE = 10;
const SPACE = 32;
const TAB = 9;
const CARRIAGE_RETURN = 13;
const MINUS = 45;
const POINT = 46;
const DIGITS_THAT_ARE_EXACT = 15;
/** From here on texts are compared four bytes at a time, which takes two views to be made. */
const LONG = 256;
/** The kernel's counters have 64 bits. */
const MAX_EXACT = 2n ** 64n - 1n;
const POWERS_OF_TEN = Array.from({ length: DIGITS_THAT_ARE_EXACT }, (_, power) => 10 ** power);

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class Cursor {
  readonly source: string;
  /** Two texts of one source that have the same are the same one; undefined where that is not known. */
  readonly edition: number | undefined;
  #bytes: Uint8Array;
  #at = 0;
  #start = 0;
  #end: number;
  #length: number;
  #fresh = true;

  /** `source` names the bytes in error messages: a path, a command. What is behind `length` is not read. */
  constructor(bytes: Uint8Array, source = "input", length = bytes.length, edition?: number) {
    this.#bytes = bytes;
    this.#length = length;
    this.source = source;
    this.edition = edition;
    this.#end = this.#lineEnd(0);
  }

  /** A cursor over a text, for tests and for what is a string already. */
  static of(text: string, source?: string): Cursor {
    return new Cursor(encoder.encode(text), source);
  }

  /** Steps to the next line (the first call: to the first one). False when there is none. */
  nextLine(): boolean {
    if (this.#fresh) {
      this.#fresh = false;
      return this.#length > 0;
    }
    const start = this.#end + 1;
    if (start >= this.#length) {
      this.#at = this.#start = this.#end = this.#length;
      return false;
    }
    this.#at = this.#start = start;
    this.#end = this.#lineEnd(start);
    return true;
  }

  /** Goes back to before the first line. */
  rewind(): void {
    this.#at = this.#start = 0;
    this.#end = this.#lineEnd(0);
    this.#fresh = true;
  }

  /** Goes back to before the line's first field. */
  rewindLine(): this {
    this.#at = this.#start;
    return this;
  }

  /** Where the line begins. */
  get position(): number {
    return this.#start;
  }

  /** Bytes of all lines. */
  get length(): number {
    return this.#length;
  }

  /** Stands on the line that begins at `position`. False, and stays, where none begins there. */
  moveTo(position: number): boolean {
    if (position < 0 || position >= this.#length) return false;
    if (position > 0 && this.#bytes[position - 1] !== NEWLINE) return false;
    this.#at = this.#start = position;
    this.#end = this.#lineEnd(position);
    this.#fresh = false;
    return true;
  }

  /** Whether another field stands on this line. */
  get more(): boolean {
    this.#skipBlanks();
    return this.#at < this.#end;
  }

  /** Whether the next field is a whole number, maybe with a sign. Consumes nothing. */
  get startsNumber(): boolean {
    const at = this.#wordStart();
    const isNumber = this.trySigned() !== undefined;
    this.#at = at;
    return isNumber;
  }

  /** Whether the line begins with this ASCII text. Consumes nothing. */
  starts(prefix: string): boolean {
    const bytes = this.#bytes;
    const start = this.#start;
    if (this.#end - start < prefix.length) return false;
    for (let i = 0; i < prefix.length; i++) {
      if (bytes[start + i] !== prefix.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The next field, or "" at the end of the line. */
  word(): string {
    const from = this.#wordStart();
    return interned(this.#bytes, from, this.#skipWord());
  }

  /** Steps over `count` fields. */
  skip(count = 1): this {
    // Local copies, here and below: a private field would be loaded again for each byte.
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    for (let i = 0; i < count; i++) {
      while (at < end && (bytes[at] === SPACE || isBlank(bytes[at]))) at++;
      while (at < end && (bytes[at] > SPACE || !isBlank(bytes[at]))) at++;
    }
    this.#at = at;
    this.#fresh = false;
    return this;
  }

  /** The text up to `mark` (one ASCII character), which is stepped over; undefined if it is not on this line. */
  until(mark: string): string | undefined {
    this.#fresh = false;
    const index = this.#bytes.indexOf(mark.charCodeAt(0), this.#at);
    if (index < 0 || index >= this.#end) return undefined;
    const text = interned(this.#bytes, this.#at, index);
    this.#at = index + 1;
    return text;
  }

  /** Reads an unsigned integer. Stops at the first byte that is not a digit. Throws `bad-data`. */
  uint(): number {
    const value = this.counter();
    return typeof value === "number" ? value : Number(value);
  }

  /** As `uint`, but exact: a bigint where a number would lose digits (from 10^15 on). */
  counter(): number | bigint {
    const from = this.#wordStart();
    const value = this.#digits(from);
    const at = this.#at;
    if (at === from) throw this.#bad("a whole number");
    return at - from <= DIGITS_THAT_ARE_EXACT ? value : BigInt(this.#text(from, at));
  }

  /** As `counter`, of a field that is nothing else; undefined where it is not, and the next field can be read. */
  tryCounter(): number | bigint | undefined {
    return this.#whole(this.#wordStart(), false);
  }

  /** As `tryCounter`, with a sign where there is one: some of the kernel's counters are printed so. */
  trySigned(): number | bigint | undefined {
    const from = this.#wordStart();
    return this.#bytes[from] === MINUS ? this.#whole(from + 1, true) : this.#whole(from, false);
  }

  /** As `float`, but undefined for what is not a number. */
  tryFloat(): number | undefined {
    const from = this.#wordStart();
    const to = this.#skipWord();
    const short = this.#shortDecimal(from, to);
    if (short !== undefined) return short;
    const text = this.#text(from, to);
    return isNumber(text) && Number.isFinite(Number(text)) ? Number(text) : undefined;
  }

  /** A whole number that may have a sign. */
  int(): number {
    const from = this.#wordStart();
    if (this.#bytes[from] !== MINUS) return this.uint();
    this.#at = from + 1;
    return -this.uint();
  }

  /** A decimal number. The field must be nothing else. Throws `bad-data`. */
  float(): number {
    const from = this.#wordStart();
    const to = this.#skipWord();
    const short = this.#shortDecimal(from, to);
    if (short !== undefined) return short;
    const text = this.#text(from, to);
    if (!isNumber(text)) {
      this.#at = from;
      throw this.#bad("a number");
    }
    return Number(text);
  }

  /** Steps over one byte if it is `mark`; says whether it was. */
  take(mark: string): boolean {
    this.#fresh = false;
    if (this.#at >= this.#end || this.#bytes[this.#at] !== mark.charCodeAt(0)) return false;
    this.#at++;
    return true;
  }

  /** What is left of the line, without blanks around it. */
  rest(): string {
    const from = this.#wordStart();
    this.#at = this.#end;
    return this.#text(from, this.#end).trimEnd();
  }

  /** The same as bytes, including trailing blanks, for `restEquals`. Consumes nothing. */
  restBytes(): Uint8Array {
    return this.#bytes.slice(this.#wordStart(), this.#end);
  }

  /** Whether what is left of the line consists of these bytes. Consumes nothing but blanks. */
  restEquals(rest: Uint8Array): boolean {
    const from = this.#wordStart();
    return this.#end - from === rest.length && isSame(this.#bytes, from, rest);
  }

  /** The whole line. */
  line(): string {
    return this.#text(this.#start, this.#end);
  }

  /** Whether the line consists of these bytes. Consumes nothing. */
  equals(line: Uint8Array): boolean {
    return this.#end - this.#start === line.length && isSame(this.#bytes, this.#start, line);
  }

  /** A copy of the whole line's bytes, for `equals`. */
  lineBytes(): Uint8Array {
    return this.#bytes.slice(this.#start, this.#end);
  }

  /** The same for all that there is, from the first line on. */
  equalsAll(text: Uint8Array): boolean {
    return this.#length === text.length && isSame(this.#bytes, 0, text);
  }

  allBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** All the bytes as text, from the first line on. */
  text(): string {
    return decoder.decode(this.#bytes.subarray(0, this.#length));
  }

  /** Reads digits, and stops behind them. The value is exact up to `DIGITS_THAT_ARE_EXACT` of them. */
  #digits(from: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let value = 0;
    let at = from;
    for (; at < end; at++) {
      const digit = bytes[at] - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.#at = at;
    return value;
  }

  /** The digits from here to the field's end; undefined where there are others, or more than 64 bits hold. */
  #whole(from: number, isNegative: boolean): number | bigint | undefined {
    const value = this.#digits(from);
    const at = this.#at;
    if (at === from || (at < this.#end && !isBlank(this.#bytes[at]))) {
      this.#skipWord();
      return undefined;
    }
    if (at - from <= DIGITS_THAT_ARE_EXACT) return isNegative ? -value : value;
    const exact = BigInt(this.#text(from, at));
    if (exact > MAX_EXACT) return undefined;
    return isNegative ? -exact : exact;
  }

  /** `0.25`: exact, since a division of two exact numbers is rounded once. Undefined for anything longer. */
  #shortDecimal(from: number, to: number): number | undefined {
    if (to === from || to - from > DIGITS_THAT_ARE_EXACT) return undefined;
    const bytes = this.#bytes;
    let digits = 0;
    let point = -1;
    for (let at = from; at < to; at++) {
      const byte = bytes[at];
      if (byte === POINT && point < 0 && at > from) point = at;
      else if (byte < 48 || byte > 57) return undefined;
      else digits = digits * 10 + byte - 48;
    }
    return point < 0 ? digits : digits / POWERS_OF_TEN[to - point - 1];
  }

  #bad(what: string): Error {
    const found = this.#text(this.#at, this.#skipWord());
    return badData(`cannot read "${found}" as ${what} in ${this.source}, line "${this.line()}"`);
  }

  #wordStart(): number {
    this.#fresh = false;
    this.#skipBlanks();
    return this.#at;
  }

  #skipBlanks(): void {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    while (at < end && (bytes[at] === SPACE || isBlank(bytes[at]))) at++;
    this.#at = at;
  }

  #skipWord(): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    while (at < end && (bytes[at] > SPACE || !isBlank(bytes[at]))) at++;
    return this.#at = at;
  }

  #lineEnd(from: number): number {
    const index = this.#bytes.indexOf(NEWLINE, from);
    return index < 0 || index > this.#length ? this.#length : index;
  }

  #text(from: number, to: number): string {
    return interned(this.#bytes, from, to);
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CARRIAGE_RETURN;
}

function isSame(bytes: Uint8Array, start: number, other: Uint8Array): boolean {
  const { length } = other;
  let at = 0;
  if (length >= LONG) {
    const [a, b] = [viewOf(bytes), viewOf(other)];
    for (; at <= length - 4; at += 4) if (a.getInt32(start + at) !== b.getInt32(at)) return false;
  }
  for (; at < length; at++) if (bytes[start + at] !== other[at]) return false;
  return true;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Whether a text is a decimal number, with or without exponent. The words for infinity and `nan` are not. */
export function isNumber(text: string): boolean {
  return /^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text);
}
