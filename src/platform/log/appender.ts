/** Files that grow and are put aside: the log's and the archive's. */

import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename } from "node:path";
import { configError } from "../../core/errors.ts";
import type { Appender, Rotation } from "../../ports/fs.ts";
import { nextRotation, rotatedPattern, rotatedSuffix } from "../../formats/rotation.ts";
import { utc } from "../../formats/strftime.ts";
import { streams, zlib } from "../runtime/node_modules.ts";
import { withPlace } from "../access/folder.ts";
import { openToAppend } from "../access/safe_open.ts";
import { farFor } from "../far/far.ts";
import { farAppender } from "./far_appender.ts";
import { localZone } from "./local_zone.ts";

/** Between looks at whether another program has moved the file away. */
const WATCH_MS = 1000;
const MODE = 0o644;
const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_WRONLY } = constants;

export function openAppender(path: string, rotation: Rotation): Appender {
  const far = farFor(path);
  return far === undefined ? openHere(path, rotation) : farAppender(far, path, rotation);
}

function openHere(path: string, rotation: Rotation): Appender {
  const { when, interval, keep, maxBytes, gzip, watch } = rotation;
  const zone = rotation.utc ? utc : localZone;
  let descriptor = openFile(path);
  let { size } = fstatSync(descriptor);
  /** What is a terminal or a pipe, such as /dev/stdout, stays where it is. */
  const isFile = fstatSync(descriptor).isFile();
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
    if (!isFile) size = 0;
    else if (now >= deadline) rotateByTime(now);
    else if (maxBytes > 0 && size > 0 && size + bytes.length > maxBytes) rotateBySize();
    else if (watch && now - watched >= WATCH_MS) follow(now);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    } catch (error) {
      // What was written of it goes again with the next try: half a text must not stay.
      if (written > 0 && isFile) ftruncateSync(descriptor, size);
      throw error;
    }
    size += bytes.length;
  }

  function rotateByTime(now: number): void {
    if (size > 0) putAside(`.${rotatedSuffix(when, interval, deadline, zone)}`);
    do deadline = nextRotation(when, interval, deadline, zone); while (deadline <= now);
    removeOld(path, when, keep);
  }

  /** By size alone: path.1 is the newest; by size within a time: as if the period had ended now. */
  function rotateBySize(): void {
    if (when !== "SIZE" && when !== "NEVER") {
      let number = 1;
      const base = `.${rotatedSuffix(when, interval, deadline, zone)}`;
      inFolder(path, (named) => {
        while ([".gz", ""].some((end) => existsSync(named(`${base}.${number}${end}`)))) number++;
      });
      putAside(`${base}.${number}`);
      return;
    }
    // Without a number of files to keep there is nowhere to put it: Python goes on writing, and so do
    // we, also while the last file is being compressed, whose name must not change.
    if (keep === 0 || compressing) return;
    const end = gzip ? ".gz" : "";
    inFolder(path, (named) => {
      for (let number = keep - 1; number >= 1; number--) {
        const from = named(`.${number}${end}`);
        if (existsSync(from)) renameSync(from, named(`.${number + 1}${end}`));
      }
    });
    putAside(".1");
  }

  function putAside(suffix: string): void {
    inFolder(path, (named) => existsSync(named("")) && renameSync(named(""), named(suffix)));
    reopen();
    if (!gzip) return;
    compressing = true;
    void compress(path, suffix).finally(() => (compressing = false));
  }

  function follow(now: number): void {
    watched = now;
    const ours = fstatSync(descriptor);
    const there = statSync(path, { throwIfNoEntry: false });
    if (there === undefined || there.ino !== ours.ino || there.dev !== ours.dev) reopen();
  }

  /** Where that fails the old one stays: a closed descriptor may be anybody's. */
  function reopen(): void {
    const next = openFile(path);
    closeSync(descriptor);
    descriptor = next;
    size = fstatSync(descriptor).size;
  }

  return { append, close: () => closeSync(descriptor) };
}

function openFile(path: string): number {
  try {
    return openToAppend(path, MODE);
  } catch (error) {
    throw configError(`cannot write "${path}"`, error);
  }
}

/** Gives the paths of the file's neighbours: of those whose names are its own with something behind it. */
function inFolder<T>(
  path: string,
  use: (named: (suffix: string) => string, folder: string) => T,
): T {
  return withPlace(path, (place) => {
    const named = (suffix: string) => place.beside(basename(place.path) + suffix);
    return use(named, place.beside("."));
  });
}

async function compress(path: string, suffix: string): Promise<void> {
  const partial = `${suffix}.gz.tmp`;
  try {
    const [from, to] = inFolder(path, (named) => {
      if (existsSync(named(partial))) unlinkSync(named(partial));
      const from = openSync(named(suffix), O_RDONLY | O_NOFOLLOW);
      const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
      return [from, openSync(named(partial), flags, fstatSync(from).mode)];
    });
    await streams().pipeline(
      createReadStream("", { fd: from }),
      zlib().createGzip(),
      createWriteStream("", { fd: to }),
    );
    inFolder(path, (named) => {
      renameSync(named(partial), named(`${suffix}.gz`));
      unlinkSync(named(suffix));
    });
  } catch {
    // The uncompressed file is still there: nothing is lost.
    inFolder(path, (named) => existsSync(named(partial)) && unlinkSync(named(partial)));
  }
}

/** Keeps the newest files of those that rotation has put aside. */
function removeOld(path: string, when: string, keep: number): void {
  if (keep === 0) return;
  const pattern = rotatedPattern(when);
  inFolder(path, (named, folder) => {
    const name = basename(named(""));
    const old = readdirSync(folder).filter((file) =>
      file.startsWith(name) && pattern.test(file.slice(name.length))
    ).sort();
    for (const file of old.slice(0, Math.max(0, old.length - keep))) {
      unlinkSync(named(file.slice(name.length)));
    }
  });
}
