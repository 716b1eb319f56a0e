/** The host's files: synchronous reads, which never block on /proc and /sys. */

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  unlinkSync,
} from "node:fs";
import process from "node:process";
import type { FileStat, HostFs } from "../../ports/fs.ts";
import { openAppender } from "../log/appender.ts";
import { whoElse } from "../access/trust.ts";
import { trustedWith } from "../access/identity.ts";
import { HostReader, orNoData, READ } from "./host_reader.ts";
import { hangingKind } from "./mount_kinds.ts";
import { hostPathOf, hostViewOf, realPathOf, type Roots } from "../roots.ts";

export function createHostFs(roots: Roots): HostFs {
  const real = (path: string) => realPathOf(path, roots);
  const reader = new HostReader((path) => hostViewOf(path, roots, isReadable));
  return {
    readBytes: (path) => orNoData(path, () => reader.readBytes(path)),
    read: (path) => orNoData(path, () => reader.read(path)),
    readPieces: (path) => reader.readPieces(path),
    tryRead: (path) => orUndefined(() => reader.read(path)),
    list: (path) => orNoData(path, () => readdirSync(real(path))),
    exists: (path) => existsSync(real(path)),
    remove: (path) => orNoData(path, () => unlinkSync(real(path))),
    executable: (path) => isExecutable(real(path)),
    hangingKind: (path) => hangingKind(real(path)),
    untrusted: (path) =>
      process.geteuid?.() === 0 ? whoElse(real(path), trustedWith("", "")) : undefined,
    stat: (path) => statOf(real(path)),
    readLink: (path) => orUndefined(() => readlinkSync(real(path))),
    realPath: (path) => orUndefined(() => hostPathOf(realpathSync(real(path)), roots)),
    append: (path, rotation) => openAppender(path, rotation),
  };
}

function statOf(path: string): FileStat | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && {
    isFile: stat.isFile(),
    isDirectory: stat.isDirectory(),
    device: stat.dev,
    size: stat.size,
    uid: stat.uid,
    modified: stat.mtimeMs,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
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

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
