/** Whole files that a command reads or writes for its user. */

import {
  chmodSync,
  closeSync,
  constants,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { configError } from "../../core/errors.ts";
import { streams, zlib } from "../runtime/node_modules.ts";

/** Throws `config` where there is one already, or it cannot be written. */
export function writeNewFile(path: string, text: string): void {
  write(path, text, "wx");
}

/** The same, with one that is there written over. */
export function writeFile(path: string, text: string, mode?: number): void {
  write(path, text, "w");
  if (mode !== undefined) chmodSync(path, mode);
}

/** All of a file, however large. Throws `config` where it cannot be read. */
export function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw configError(`cannot read "${path}"`, error);
  }
}

/**
 * In pieces that are made as they are written; a gzip file where its name ends so. Returns its bytes. A new file is its
 * owner's alone: an image has a configuration with its secrets in it.
 */
export async function writePieces(
  path: string,
  pieces: Iterable<Uint8Array>,
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<number> {
  try {
    const file = createWriteStream(path, { mode: 0o600, flags: isNew ? "wx" : "w" });
    const { Readable } = process.getBuiltinModule("node:stream");
    if (path.endsWith(".gz")) {
      await streams().pipeline(Readable.from(pieces), zlib().createGzip(), file);
    } else await streams().pipeline(Readable.from(pieces), file);
    return file.bytesWritten;
  } catch (error) {
    throw configError(`cannot write "${path}"`, error);
  }
}

/** The last lines of a regular file, of so many bytes together. Throws `config` where it cannot be read. */
export function readTail(path: string, bytes: number): string {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(descriptor);
      if (!stat.isFile()) throw new Error("it is not a regular file");
      const start = Math.max(0, stat.size - bytes);
      const buffer = new Uint8Array(Math.min(stat.size, bytes));
      const read = readSync(descriptor, buffer, 0, buffer.length, start);
      const text = new TextDecoder().decode(buffer.subarray(0, read));
      return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw configError(`cannot read "${path}"`, error);
  }
}

/** Throws `config` where it cannot. */
export function removeFile(path: string): void {
  try {
    rmSync(path);
  } catch (error) {
    throw configError(`cannot remove "${path}"`, error);
  }
}

function write(path: string, text: string, flag: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag });
  } catch (error) {
    throw configError(`cannot write "${path}"`, error);
  }
}
