/** The host's files: synchronous reads, which never block on /proc and /sys. */

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
  unlinkSync,
} from "node:fs";
import process from "node:process";
import { Cursor } from "../../core/cursor.ts";
import { noData } from "../../core/errors.ts";
import type { HostFs } from "../../ports/fs.ts";
import { openAppender } from "../log/appender.ts";
import { createKeptFiles, isWhole, type Text } from "./open_files.ts";
import { refuseOther } from "../access/safe_open.ts";
import { whoElse } from "../access/trust.ts";
import { trustedWith } from "../access/identity.ts";
import { hangingKind } from "./mount_kinds.ts";
import { OWN_AUXV, ownAuxv } from "../memory/auxv.ts";
import { hostPathOf, hostViewOf, realPathOf, type Roots } from "../roots.ts";

const INITIAL_BUFFER = 64 * 1024;
/** A FIFO in place of a file does not keep the agent waiting. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** No file that is read at once for metrics is larger. What is cut would be a wrong number. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Of a table that is read piece by piece: as many lines as fit. */
const PIECE_BYTES = 256 * 1024;
const NEWLINE = 10;

export function createHostFs(roots: Roots): HostFs {
  const viewOf = (path: string) => hostViewOf(path, roots, isReadable);
  const kept = createKeptFiles(viewOf);
  let buffer = new Uint8Array(INITIAL_BUFFER);

  function readText(path: string): Text {
    const text = kept.read(path);
    if (text !== undefined) return text;
    const view = viewOf(path);
    const bytes = view === OWN_AUXV ? ownAuxv() ?? new Uint8Array() : readOnce(view, isWhole(path));
    return { bytes, length: bytes.length };
  }

  function readOnce(view: string, inOnePiece: boolean): Uint8Array {
    const descriptor = openSync(view, READ);
    try {
      let length = 0;
      // Files of /proc have no size: read until there is no more.
      for (;;) {
        if (length === buffer.length) {
          if (length >= MAX_BYTES) throw new Error("it is longer than 64 MiB");
          refuseOther(fstatSync(descriptor));
          const larger = new Uint8Array(buffer.length * 4);
          larger.set(buffer);
          buffer = larger;
        }
        const count = readSync(descriptor, buffer, length, buffer.length - length, null);
        length += count;
        if (count === 0 || (inOnePiece && length < buffer.length)) break;
      }
      if (length === 0) refuseOther(fstatSync(descriptor));
      return buffer.slice(0, length);
    } finally {
      closeSync(descriptor);
    }
  }

  function cursor(path: string): Cursor {
    const { bytes, length, edition } = readText(path);
    return new Cursor(bytes, path, length, edition);
  }

  return {
    readBytes(path) {
      const { bytes, length } = orNoData(path, () => readText(path));
      return bytes.slice(0, length);
    },
    read(path) {
      return orNoData(path, () => cursor(path));
    },
    readPieces(path) {
      const text = orNoData(path, () => kept.read(path));
      if (text !== undefined) return [new Cursor(text.bytes, path, text.length, text.edition)];
      return piecesOf(path, orNoData(path, () => openSync(viewOf(path), READ)));
    },
    tryRead(path) {
      try {
        return cursor(path);
      } catch {
        return undefined;
      }
    },
    list(path) {
      return orNoData(path, () => readdirSync(realPathOf(path, roots)));
    },
    exists: (path) => existsSync(realPathOf(path, roots)),
    remove: (path) => orNoData(path, () => unlinkSync(realPathOf(path, roots))),
    executable(path) {
      try {
        accessSync(realPathOf(path, roots), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    },
    hangingKind: (path) => hangingKind(realPathOf(path, roots)),
    untrusted(path) {
      return process.geteuid?.() === 0
        ? whoElse(realPathOf(path, roots), trustedWith("", ""))
        : undefined;
    },
    stat(path) {
      const stat = statSync(realPathOf(path, roots), { throwIfNoEntry: false });
      return stat && {
        isFile: stat.isFile(),
        isDirectory: stat.isDirectory(),
        device: stat.dev,
        size: stat.size,
        uid: stat.uid,
        modified: stat.mtimeMs,
      };
    },
    readLink(path) {
      try {
        return readlinkSync(realPathOf(path, roots));
      } catch {
        return undefined;
      }
    },
    realPath(path) {
      try {
        return hostPathOf(realpathSync(realPathOf(path, roots)), roots);
      } catch {
        return undefined;
      }
    },
    append: (path, rotation) => openAppender(path, rotation),
  };
}

/** Only opening a file shows whether the agent may read it: the mode does not. */
function isReadable(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    closeSync(openSync(path, READ));
    return true;
  } catch {
    return false;
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
      const larger = new Uint8Array(4 * buffer.length);
      larger.set(buffer);
      buffer = larger;
    }
  } finally {
    closeSync(descriptor);
  }
}

function orNoData<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw noData(`cannot read ${path}`, error);
  }
}
