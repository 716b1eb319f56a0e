/** Reads a small file as a whole: a value, in a file system that another program serves. */

import { closeSync, constants, openSync, readSync, statSync } from "node:fs";

const MAX_BYTES = 64 * 1024;
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Throws for what is not a regular file, and for one that is longer than 64 KiB. */
export function readSmall(path: string): string {
  if (!statSync(path).isFile()) throw new Error("it is not a regular file");
  const descriptor = openSync(path, READ);
  try {
    const bytes = new Uint8Array(MAX_BYTES + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count) {
      count = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    if (length > MAX_BYTES) throw new Error("it is longer than 64 KiB");
    return new TextDecoder().decode(bytes.subarray(0, length));
  } finally {
    closeSync(descriptor);
  }
}
