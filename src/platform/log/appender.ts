/** Files that grow and are put aside: the log's and the archive's. */

import { closeSync, fstatSync, ftruncateSync, statSync, writeSync } from "node:fs";
import { configError } from "../../core/errors.ts";
import type { Appender, Rotation } from "../../ports/fs.ts";
import { nextRotation } from "../../formats/rotation.ts";
import { utc, type Zone } from "../../formats/strftime.ts";
import { openToAppend } from "../access/safe_open.ts";
import { farFor } from "../far/far.ts";
import { farAppender } from "./far_appender.ts";
import { localZone } from "./local_zone.ts";
import { OldFiles } from "./old_files.ts";

/** Between looks at whether another program has moved the file away. */
const WATCH_MS = 1000;
const MODE = 0o644;

export function openAppender(path: string, rotation: Rotation): Appender {
  const far = farFor(path);
  return far === undefined ? new LocalAppender(path, rotation) : farAppender(far, path, rotation);
}

class LocalAppender implements Appender {
  readonly #path: string;
  readonly #rotation: Rotation;
  readonly #zone: Zone;
  readonly #old: OldFiles;
  /** What is a terminal or a pipe, such as /dev/stdout, stays where it is. */
  readonly #isFile: boolean;
  #descriptor: number;
  #size: number;
  /** When the period ends, in milliseconds since the epoch. */
  #deadline: number;
  #watched = Date.now();

  constructor(path: string, rotation: Rotation) {
    this.#path = path;
    this.#rotation = rotation;
    this.#zone = rotation.utc ? utc : localZone;
    this.#old = new OldFiles(path, rotation, this.#zone);
    this.#descriptor = openFile(path);
    const stat = fstatSync(this.#descriptor);
    this.#isFile = stat.isFile();
    this.#size = stat.size;
    // A file that was there before belongs to the period in which it was last written.
    this.#deadline = this.#deadlineAfter(stat.size > 0 ? stat.mtimeMs : Date.now());
  }

  append(text: string): void {
    const bytes = Buffer.from(text);
    this.#rotateFor(bytes.length);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
    } catch (error) {
      // What was written of it goes again with the next try: half a text must not stay.
      if (written > 0 && this.#isFile) ftruncateSync(this.#descriptor, this.#size);
      throw error;
    }
    this.#size += bytes.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #rotateFor(bytes: number): void {
    const { maxBytes, watch } = this.#rotation;
    const now = Date.now();
    if (!this.#isFile) this.#size = 0;
    else if (now >= this.#deadline) this.#rotateByTime(now);
    else if (maxBytes > 0 && this.#size > 0 && this.#size + bytes > maxBytes) this.#rotateBySize();
    else if (watch && now - this.#watched >= WATCH_MS) this.#follow(now);
  }

  #rotateByTime(now: number): void {
    if (this.#size > 0) this.#putAside(this.#old.suffixOf(this.#deadline));
    do this.#deadline = this.#deadlineAfter(this.#deadline); while (this.#deadline <= now);
    this.#old.trim();
  }

  /** By size alone: path.1 is the newest; by size within a time: as if the period had ended now. */
  #rotateBySize(): void {
    const { when } = this.#rotation;
    if (when !== "SIZE" && when !== "NEVER") {
      this.#putAside(this.#old.numberedSuffixOf(this.#deadline));
    } else if (this.#old.shift()) {
      this.#putAside(".1");
    }
  }

  #putAside(suffix: string): void {
    this.#old.add(suffix, () => this.#reopen());
  }

  #follow(now: number): void {
    this.#watched = now;
    const ours = fstatSync(this.#descriptor);
    const there = statSync(this.#path, { throwIfNoEntry: false });
    if (there === undefined || there.ino !== ours.ino || there.dev !== ours.dev) this.#reopen();
  }

  /** Where that fails the old one stays: a closed descriptor may be anybody's. */
  #reopen(): void {
    const next = openFile(this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = next;
    this.#size = fstatSync(next).size;
  }

  #deadlineAfter(time: number): number {
    const { when, interval } = this.#rotation;
    return nextRotation(when, interval, time, this.#zone);
  }
}

function openFile(path: string): number {
  try {
    return openToAppend(path, MODE);
  } catch (error) {
    throw configError(`cannot write "${path}"`, error);
  }
}
