/**
 * Archives as tar reads them everywhere, of small files.
 * Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar Interchange Format)
 */

import { configError } from "../core/errors.ts";

interface TarEntry {
  /** At most 100 bytes. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Seconds since the epoch. */
  readonly modified: number;
}

const BLOCK = 512;
const MAX_PATH = 100;
const MODE = 0o600;
const encoder = new TextEncoder();

export function* tar(entries: Iterable<TarEntry>): Generator<Uint8Array> {
  for (const entry of entries) {
    yield header(entry);
    yield entry.bytes;
    yield new Uint8Array((BLOCK - (entry.bytes.length % BLOCK)) % BLOCK);
  }
  yield new Uint8Array(2 * BLOCK);
}

function header({ path, bytes, modified }: TarEntry): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => block.set(encoder.encode(text), at);
  if (encoder.encode(path).length > MAX_PATH) throw configError(`the name "${path}" is too long`);
  put(0, path);
  put(100, octal(MODE, 8));
  put(108, octal(0, 8));
  put(116, octal(0, 8));
  put(124, octal(bytes.length, 12));
  put(136, octal(modified, 12));
  // The checksum is taken with blanks in its own place.
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\x0000");
  put(148, `${octal(block.reduce((sum, byte) => sum + byte, 0), 7)} `);
  return block;
}

/** Fills `length` bytes, of which the last one is NUL. */
function octal(number: number, length: number): string {
  return `${Math.floor(number).toString(8).padStart(length - 1, "0")}\0`;
}
