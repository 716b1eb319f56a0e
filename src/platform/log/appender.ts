/** Files that grow and are put aside: the log's and the archive's. */

import {
  chmodSync,
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { configError } from "../../core/errors.ts";
import type { Appender, Rotation } from "../../ports/host.ts";
import { nextRotation, rotatedPattern, rotatedSuffix } from "../../formats/rotation.ts";
import { utc } from "../../formats/strftime.ts";
import { streams, zlib } from "../runtime/node_modules.ts";
import { localZone } from "./local_zone.ts";

/** Between looks at whether another program has moved the file away. */
const WATCH_MS = 1000;

export function openAppender(path: string, rotation: Rotation): Appender {
  const { when, interval, keep, maxBytes, gzip, watch } = rotation;
  const zone = rotation.utc ? utc : localZone;
  let descriptor = openFile(path);
  let size = fstatSync(descriptor).size;
  // A file that was there before belongs to the period in which it was last written.
  let deadline = nextRotation(
    when,
    interval,
    size > 0 ? fstatSync(descriptor).mtimeMs : Date.now(),
    zone,
  );
  let watched = Date.now();
  let compressing = false;

  function append(text: string): void {
    const bytes = Buffer.from(text);
    const now = Date.now();
    if (now >= deadline) rotateByTime(now);
    else if (maxBytes > 0 && size > 0 && size + bytes.length > maxBytes) rotateBySize();
    else if (watch && now - watched >= WATCH_MS) follow(now);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    } catch (error) {
      // What was written of it goes again with the next try: half a text must not stay.
      if (written > 0) ftruncateSync(descriptor, size);
      throw error;
    }
    size += bytes.length;
  }

  function rotateByTime(now: number): void {
    if (size > 0) putAside(`${path}.${rotatedSuffix(when, interval, deadline, zone)}`);
    do deadline = nextRotation(when, interval, deadline, zone); while (deadline <= now);
    removeOld(path, when, keep);
  }

  /** By size alone: path.1 is the newest; by size within a time: as if the period had ended now. */
  function rotateBySize(): void {
    if (when !== "SIZE" && when !== "NEVER") {
      let number = 1;
      const base = `${path}.${rotatedSuffix(when, interval, deadline, zone)}`;
      while (existsSync(`${base}.${number}`) || existsSync(`${base}.${number}.gz`)) number++;
      putAside(`${base}.${number}`);
      return;
    }
    // Without a number of files to keep there is nowhere to put it: Python goes on writing, and so do
    // we, also while the last file is being compressed, whose name must not change.
    if (keep === 0 || compressing) return;
    const end = gzip ? ".gz" : "";
    for (let number = keep - 1; number >= 1; number--) {
      if (existsSync(`${path}.${number}${end}`)) {
        renameSync(`${path}.${number}${end}`, `${path}.${number + 1}${end}`);
      }
    }
    putAside(`${path}.1`);
  }

  function putAside(target: string): void {
    closeSync(descriptor);
    try {
      renameSync(path, target);
      if (gzip) {
        compressing = true;
        void compress(target).finally(() => (compressing = false));
      }
    } finally {
      descriptor = openFile(path);
      size = fstatSync(descriptor).size;
    }
  }

  function follow(now: number): void {
    watched = now;
    const ours = fstatSync(descriptor);
    const there = statSync(path, { throwIfNoEntry: false });
    if (there !== undefined && there.ino === ours.ino && there.dev === ours.dev) return;
    closeSync(descriptor);
    descriptor = openFile(path);
    size = fstatSync(descriptor).size;
  }

  return { append, close: () => closeSync(descriptor) };
}

function openFile(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, "a");
  } catch (error) {
    throw configError(`Cannot write "${path}"`, error);
  }
}

async function compress(path: string): Promise<void> {
  const partial = `${path}.gz.tmp`;
  try {
    await streams().pipeline(
      createReadStream(path),
      zlib().createGzip(),
      createWriteStream(partial),
    );
    chmodSync(partial, statSync(path).mode);
    renameSync(partial, `${path}.gz`);
    unlinkSync(path);
  } catch {
    // The uncompressed file is still there: nothing is lost.
    if (existsSync(partial)) unlinkSync(partial);
  }
}

/** Keeps the newest files of those that rotation has put aside. */
function removeOld(path: string, when: string, keep: number): void {
  if (keep === 0) return;
  const pattern = rotatedPattern(when);
  const name = basename(path);
  const old = readdirSync(dirname(path)).filter((file) =>
    file.startsWith(name) && pattern.test(file.slice(name.length))
  ).sort();
  for (const file of old.slice(0, Math.max(0, old.length - keep))) {
    unlinkSync(join(dirname(path), file));
  }
}
