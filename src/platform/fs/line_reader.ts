/** The lines of a large file, compressed or not, a few at a time. */

import { createReadStream, openSync, readSync, statSync } from "node:fs";
import { configError } from "../../core/errors.ts";
import { readline, zlib } from "../runtime/node_modules.ts";

interface LineReader {
  /** Ends with the file. Throws where it cannot be read. */
  readonly lines: AsyncIterable<string>;
  /** Part of the file that has been read, 0 to 1. */
  progress(): number;
}

export function readLines(path: string): LineReader {
  try {
    const size = statSync(path).size;
    const fd = openSync(path, "r");
    const stream = createReadStream("", { fd });
    const magic = new Uint8Array(2);
    readSync(fd, magic, 0, 2, 0);
    const isGzip = magic[0] === 0x1f && magic[1] === 0x8b;
    const input = isGzip ? stream.pipe(zlib().createGunzip()) : stream;
    return {
      lines: readline().createInterface({ input, crlfDelay: Infinity }),
      progress: () => (size === 0 ? 1 : Math.min(1, stream.bytesRead / size)),
    };
  } catch (error) {
    throw configError(`cannot read "${path}"`, error);
  }
}
