/** Reads files of the host: at once, from the files that stay open, or piece by piece. */

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { Cursor } from "../../core/cursor.ts";
import { noData } from "../../core/errors.ts";
import { refuseOther } from "../access/safe_open.ts";
import { OWN_AUXV, ownAuxv } from "../memory/auxv.ts";
import { createKeptFiles, isWhole, type Text } from "./open_files.ts";

/** A FIFO in place of a file does not keep the agent waiting. */
export const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const INITIAL_BUFFER = 64 * 1024;
/** No file that is read at once for metrics is larger. What is cut would be a wrong number. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Of a table that is read piece by piece: as many lines as fit. */
const PIECE_BYTES = 256 * 1024;
const NEWLINE = 10;

export class HostReader {
  readonly #viewOf: (path: string) => string;
  readonly #kept: ReturnType<typeof createKeptFiles>;
  #buffer = new Uint8Array(INITIAL_BUFFER);

  /** `viewOf` says where a path of the host lies here. */
  constructor(viewOf: (path: string) => string) {
    this.#viewOf = viewOf;
    this.#kept = createKeptFiles(viewOf);
  }

  read(path: string): Cursor {
    const { bytes, length, edition } = this.#textOf(path);
    return new Cursor(bytes, path, length, edition);
  }

  /** The caller's own bytes. */
  readBytes(path: string): Uint8Array {
    const { bytes, length } = this.#textOf(path);
    return bytes.slice(0, length);
  }

  /** Throws `no-data`. */
  readPieces(path: string): Iterable<Cursor> {
    const text = orNoData(path, () => this.#kept.read(path));
    if (text !== undefined) return [new Cursor(text.bytes, path, text.length, text.edition)];
    return piecesOf(path, orNoData(path, () => openSync(this.#viewOf(path), READ)));
  }

  #textOf(path: string): Text {
    const text = this.#kept.read(path);
    if (text !== undefined) return text;
    const view = this.#viewOf(path);
    const bytes = view === OWN_AUXV
      ? ownAuxv() ?? new Uint8Array()
      : this.#readOnce(view, isWhole(path));
    return { bytes, length: bytes.length };
  }

  #readOnce(view: string, inOnePiece: boolean): Uint8Array {
    const descriptor = openSync(view, READ);
    try {
      let length = 0;
      // Files of /proc have no size: read until there is no more.
      for (;;) {
        if (length === this.#buffer.length) this.#grow(descriptor);
        const count = readSync(
          descriptor,
          this.#buffer,
          length,
          this.#buffer.length - length,
          null,
        );
        length += count;
        if (count === 0 || (inOnePiece && length < this.#buffer.length)) break;
      }
      if (length === 0) refuseOther(fstatSync(descriptor));
      return this.#buffer.slice(0, length);
    } finally {
      closeSync(descriptor);
    }
  }

  #grow(descriptor: number): void {
    if (this.#buffer.length >= MAX_BYTES) throw new Error("it is longer than 64 MiB");
    refuseOther(fstatSync(descriptor));
    this.#buffer = enlarged(this.#buffer);
  }
}

/** Closes the file. */
function* piecesOf(path: string, descriptor: number): Generator<Cursor> {
  try {
    orNoData(path, () => refuseOther(fstatSync(descriptor)));
    let buffer = new Uint8Array(PIECE_BYTES);
    let length = 0;
    for (;;) {
      const count = orNoData(
        path,
        () => readSync(descriptor, buffer, length, buffer.length - length, null),
      );
      length += count;
      const end = count === 0 ? length : buffer.lastIndexOf(NEWLINE, length - 1) + 1;
      if (end > 0) yield new Cursor(buffer, path, end);
      if (count === 0) return;
      buffer.copyWithin(0, end, length);
      length -= end;
      if (length < buffer.length) continue;
      if (length >= MAX_BYTES) throw noData(`cannot read ${path}: a line is longer than 64 MiB`);
      buffer = enlarged(buffer);
    }
  } finally {
    closeSync(descriptor);
  }
}

function enlarged(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 4);
  larger.set(bytes);
  return larger;
}

export function orNoData<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw noData(`cannot read ${path}`, error);
  }
}
