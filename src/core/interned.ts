/**
 * Words that come again at every tick (`MemTotal`, `sda`) as the same strings: making a string from
 * bytes costs more than finding it, leaves garbage, and equal strings that are the same compare at once.
 */

const decoder = new TextDecoder();

/** Longer ones are values rather than names. */
const MAX_BYTES = 64;
/** A power of two. Two words of one place take turns, which costs time alone. */
const PLACES = 2048;

const words: (string | undefined)[] = new Array(PLACES).fill(undefined);

/** The text of these bytes, UTF-8. */
export function interned(bytes: Uint8Array, from: number, to: number): string {
  const length = to - from;
  if (length === 0) return "";
  if (length > MAX_BYTES) return decoder.decode(bytes.subarray(from, to));
  let hash = length;
  for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + bytes[at]) | 0;
  const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
  const known = words[place];
  if (known !== undefined && isText(known, bytes, from, length)) return known;
  const text = decoder.decode(bytes.subarray(from, to));
  words[place] = text;
  return text;
}

/** Bytes of other than ASCII never match, since no character of theirs is that small. */
function isText(text: string, bytes: Uint8Array, from: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (text.charCodeAt(i) !== bytes[from + i] || bytes[from + i] > 127) return false;
  }
  return true;
}

const numbers: string[] = [];
/** Of processors, queues and the like. */
const MAX_NUMBERS = 1024;

/** The text of a small whole number, which is a part of many names. */
export function internedNumber(value: number): string {
  return value < MAX_NUMBERS ? numbers[value] ??= String(value) : String(value);
}
