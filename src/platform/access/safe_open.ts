/**
 * Opens what an operator's path names: only regular files, never waiting, reading no more than a bound. What is
 * written is written in the folder that was found (folder.ts), never through a link or a name that others have made.
 */

import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { farFor } from "../far/far.ts";
import { type MakeFolder, O_PATH, type Place, withPlace } from "./folder.ts";

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_WRONLY } = constants;
/** A FIFO without a peer, or a terminal, must not keep the agent waiting; no terminal becomes its own. */
const NEVER_WAIT = (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
const INITIAL_BUFFER = 64 * 1024;
const FOLDER_MODE = 0o755;

/** -1: as it comes. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The text of a regular file. Throws where it is another kind of file or has more bytes than that. */
export function readRegularText(path: string, maxBytes: number): string {
  const far = farFor(path);
  if (far !== undefined) return far.call("read", path, maxBytes) as string;
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(readRegular(path, maxBytes));
}

function readRegular(path: string, maxBytes: number): Uint8Array {
  const descriptor = openRegular(path, statSync(path), O_RDONLY);
  try {
    const { size } = fstatSync(descriptor);
    if (size > maxBytes) throw tooLarge(maxBytes);
    // Files of the kernel's tell no size.
    let bytes = new Uint8Array(Math.min(Math.max(size + 1, INITIAL_BUFFER), maxBytes + 1));
    let length = 0;
    for (;;) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, null);
      if (count === 0) return bytes.subarray(0, length);
      length += count;
      if (length > maxBytes) throw tooLarge(maxBytes);
      if (length < bytes.length) continue;
      const larger = new Uint8Array(Math.min(length * 4, maxBytes + 1));
      larger.set(bytes);
      bytes = larger;
    }
  } finally {
    closeSync(descriptor);
  }
}

function tooLarge(maxBytes: number): Error {
  return new Error(`it has more than ${Math.floor(maxBytes / 1024 / 1024)} MB`);
}

/** `stat` comes first: opening a device can have effects of its own. */
export function openRegular(path: string, stat: Stats, flags: number): number {
  refuseOther(stat);
  const descriptor = openSync(path, flags | NEVER_WAIT);
  try {
    refuseOther(fstatSync(descriptor));
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

export function refuseOther(stat: Stats): void {
  if (!stat.isFile()) throw new Error(`it is ${kindOf(stat)}, not a regular file`);
}

export function kindOf(stat: Stats): string {
  if (stat.isFile()) return "a regular file";
  if (stat.isDirectory()) return "a directory";
  if (stat.isFIFO()) return "a FIFO";
  if (stat.isSocket()) return "a socket";
  return "a device";
}

/** Opens a file to append to, and makes it, and folders above it, where they are missing. */
export function openToAppend(path: string, mode: number): number {
  return withPlace(path, (place) => {
    const { entry } = place;
    if (entry === undefined) return openSync(place.path, O_WRONLY | O_APPEND | CREATE, mode);
    const flags = O_WRONLY | O_APPEND | (place.inProc ? 0 : O_NOFOLLOW);
    // /dev/stdout and /dev/null are fine as a log.
    if (place.inProc || (entry.isCharacterDevice() && !place.shared)) {
      return openSync(place.path, flags | NEVER_WAIT);
    }
    const descriptor = openRegular(place.path, entry, flags);
    if (!place.shared || fstatSync(descriptor).nlink === 1) return descriptor;
    closeSync(descriptor);
    throw new Error("it has a second name (a hard link), and others can write its folder");
  }, makeOwnFolder(FOLDER_MODE));
}

const CREATE = O_CREAT | O_EXCL | O_NOFOLLOW;

interface ReplaceOptions {
  readonly mode: number;
  readonly folderMode?: number;
  readonly owner?: Owner;
  /** It is on the disk before it takes the old one's place. */
  readonly durable?: boolean;
}

/** Replaces a file as a whole: who reads it finds the old text or the new one. */
export function replaceFile(path: string, text: string, how: ReplaceOptions): void {
  const far = farFor(path);
  if (far !== undefined) return void far.call("replace", path, text, how);
  const { mode, folderMode = FOLDER_MODE, owner, durable = false } = how;
  withPlace(path, (place) => {
    if (place.entry !== undefined) refuseOther(place.entry);
    const next = place.beside(`${basename(place.path)}.${process.pid}`);
    // One of a process that was killed at this point.
    if (lstatSync(next, { throwIfNoEntry: false }) !== undefined) unlinkSync(next);
    const descriptor = openSync(next, O_WRONLY | CREATE, mode);
    try {
      const bytes = new TextEncoder().encode(text);
      for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
      if (owner !== undefined && isChange(owner)) fchownSync(descriptor, owner.uid, owner.gid);
      if (durable) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(next, place.path);
  }, makeOwnFolder(folderMode));
}

/** Removes a file, if it is one that `isOurs`. */
export function removeIf(path: string, isOurs: (entry: Stats, place: Place) => boolean): void {
  withPlace(path, (place) => {
    if (place.entry !== undefined && isOurs(place.entry, place)) unlinkSync(place.path);
  });
}

/** Makes a folder, and those above it, for an owner. Those that are there stay as they are. */
export function makeFolder(path: string, mode: number, owner: Owner): void {
  const far = farFor(path);
  if (far !== undefined) return void far.call("makeFolder", path, mode, owner);
  const make = makeOwnFolder(mode, owner);
  withPlace(path, ({ path, entry }) => {
    if (entry === undefined) make(path);
    else if (!entry.isDirectory()) throw new Error(`it is ${kindOf(entry)}, not a directory`);
  }, make);
}

/** What is given away is the folder that was made: root's, and empty. */
function makeOwnFolder(mode: number, owner: Owner = { uid: -1, gid: -1 }): MakeFolder {
  return (path) => {
    try {
      mkdirSync(path, { mode });
    } catch (error) {
      // Another process has made it in between.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      return;
    }
    if (!isChange(owner)) return;
    const descriptor = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      const isFresh = fstatSync(descriptor).uid === process.geteuid?.() &&
        readdirSync(path).length === 0;
      if (!isFresh) throw new Error("another folder has taken the place of the one that was made");
      fchownSync(descriptor, owner.uid, owner.gid);
    } finally {
      closeSync(descriptor);
    }
  };
}

/** Gives the socket that this process has just made at a path its mode and owner: that socket, not the path. */
export function giveSocket(path: string, mode: number, owner: Owner): void {
  withPlace(path, (place) => {
    const pinned = process.platform === "linux"
      ? openSync(place.path, O_PATH | O_NOFOLLOW)
      : undefined;
    const target = pinned === undefined ? place.path : `/proc/self/fd/${pinned}`;
    try {
      const stat = pinned === undefined ? lstatSync(target) : fstatSync(pinned);
      if (!stat.isSocket() || stat.nlink !== 1 || stat.uid !== process.geteuid?.()) {
        throw new Error("something else has taken the place of the socket");
      }
      chmodSync(target, mode);
      if (isChange(owner)) chownSync(target, owner.uid, owner.gid);
    } finally {
      if (pinned !== undefined) closeSync(pinned);
    }
  });
}

function isChange({ uid, gid }: Owner): boolean {
  return uid >= 0 || gid >= 0;
}
