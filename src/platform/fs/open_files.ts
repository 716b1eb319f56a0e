/**
 * Reads the kernel's files at every tick through descriptors that stay open: one call, or two (the text, and its
 * end), instead of four, and no path is walked. Only for files that the kernel writes again at each read from the
 * start, and that live as long as the machine: no process, no device.
 */

import { closeSync, openSync, readSync } from "node:fs";
import { libc } from "../runtime/libc.ts";
import { createMountWatch, type MountWatch } from "./mount_watch.ts";
import { once } from "../runtime/once.ts";

const INITIAL_BUFFER = 4 * 1024;
/** Beside a quarter of the text: most of these files have a few hundred bytes and change by some digits. */
const MIN_ROOM = 64;
/** Leaves descriptors for everything else. */
const MAX_FILES = 64;
/** A longer file is not kept in memory. */
const MAX_KEPT = 1024 * 1024;
/** Several collectors of one tick read the same file: what is younger than this is new enough. */
const FRESH_MS = 20;

const KEPT =
  /^\/(proc\/(?!\d|self\b|thread-self\b|bus\b|scsi\b)|sys\/devices\/system\/cpu\/online$)/;

/**
 * What the kernel writes in one piece: a read that leaves room was all, and no second one has to ask.
 * Source: single_open in fs/seq_file.c.
 */
const WHOLE =
  /^\/(proc\/(stat|meminfo|loadavg|uptime|pressure\/\w+|net\/(snmp|netstat|sockstat6?)|sys\/.*|\d+\/(stat|statm|status|io))|sys\/devices\/system\/cpu\/online)$/;

/**
 * What it writes line by line, as many as fit into a page: where the longest one would have fitted as well,
 * that was all. Source: seq_read_iter in fs/seq_file.c. No line is by this much longer than the first one, whose
 * length shows the number of CPUs in /proc/interrupts.
 */
const BY_LINES: ReadonlyMap<string, number> = new Map([
  ["/proc/diskstats", 512],
  ["/proc/interrupts", 512],
  ["/proc/net/dev", 512],
  ["/proc/vmstat", 80],
]);
const KERNEL_PAGE = 4096;
const NEWLINE = 10;

export function isWhole(path: string): boolean {
  return WHOLE.test(path);
}

const MOUNTS = "/proc/mounts";

/** The bytes up to `length` are good until the second read of the same file that follows. */
export interface Text {
  readonly bytes: Uint8Array;
  readonly length: number;
  /** Another one for each text that was read. */
  readonly edition?: number;
}

interface KeptFiles {
  /** By the path on the host. Undefined where a file is none of these. Throws as `openSync` and `readSync` do. */
  read(path: string): Text | undefined;
}

interface OwnText {
  bytes: Uint8Array;
  length: number;
  edition: number;
}

interface Kept {
  readonly descriptor: number;
  readonly isWhole: boolean;
  /** How much longer than the first one a line may be; undefined where they are not written line by line. */
  readonly longerLine: number | undefined;
  /** Of the table of mounts. */
  readonly watch: MountWatch | undefined;
  /** Two, in turn: whoever awaits something between two fields still has its own. */
  current: OwnText;
  other: OwnText;
  readAt: number;
}

/** `viewOf` maps a file of the host to its path for this process. */
export function createKeptFiles(
  viewOf: (path: string) => string,
  monotonic: () => number = () => performance.now(),
): KeptFiles {
  const files = new Map<string, Kept>();
  /** Those that were too long. */
  const others = new Set<string>();
  let editions = 0;

  function opened(path: string): Kept | undefined {
    const known = files.get(path);
    if (known !== undefined) return known;
    if (files.size >= MAX_FILES || !KEPT.test(path) || others.has(path)) return undefined;
    const view = viewOf(path);
    if (!KEPT.test(view)) return undefined;
    const text = (): OwnText => ({ bytes: new Uint8Array(INITIAL_BUFFER), length: 0, edition: 0 });
    const kept: Kept = {
      descriptor: openSync(view, "r"),
      isWhole: isWhole(path),
      longerLine: BY_LINES.get(path),
      watch: path === MOUNTS ? createMountWatch() : undefined,
      current: text(),
      other: text(),
      readAt: -Infinity,
    };
    files.set(path, kept);
    return kept;
  }

  return {
    read(path) {
      const kept = opened(path);
      if (kept === undefined) return undefined;
      const now = monotonic();
      if (now - kept.readAt < FRESH_MS) return kept.current;
      try {
        if (kept.current.length > 0 && kept.watch?.hasChanged(kept.descriptor) === false) {
          return kept.current;
        }
        if (!fill(kept)) {
          others.add(path);
          closeSync(kept.descriptor);
          files.delete(path);
          return undefined;
        }
        kept.current.edition = ++editions;
        kept.readAt = now;
        return kept.current;
      } catch (error) {
        // What was unloaded and loaded again is another file: the next look opens it.
        closeSync(kept.descriptor);
        files.delete(path);
        throw error;
      }
    },
  };
}

/** False where there is too much. */
function fill(kept: Kept): boolean {
  const text = kept.other;
  let length = 0;
  for (;;) {
    if (length === text.bytes.length) {
      if (length >= MAX_KEPT) return false;
      const larger = new Uint8Array(text.bytes.length * 4);
      larger.set(text.bytes);
      text.bytes = larger;
    }
    const count = readFrom(kept.descriptor, text.bytes, length);
    length += count;
    if (count === 0 || isAll(kept, text.bytes, length)) break;
  }
  const room = length + (length >> 2) + MIN_ROOM;
  if (text.bytes.length > 2 * room) text.bytes = text.bytes.slice(0, room);
  text.length = length;
  kept.other = kept.current;
  kept.current = text;
  return true;
}

/** Source: pread(2). */
const kernel = once(() => libc({ pread: { args: ["i32", "ptr", "u64", "i64"], returns: "i32" } }));

/** The runtime's own call takes as long as the kernel's work: it is there for the rest, and to tell why a read failed. */
function readFrom(descriptor: number, bytes: Uint8Array, position: number): number {
  const count = position === 0 ? kernel()?.pread(descriptor, bytes, bytes.length, 0) ?? -1 : -1;
  if (count >= 0) return count;
  return readSync(descriptor, bytes, position, bytes.length - position, position);
}

/** Whether no other read has to tell that there is no more. */
function isAll({ isWhole, longerLine }: Kept, bytes: Uint8Array, length: number): boolean {
  if (length === bytes.length) return false;
  if (isWhole) return true;
  return longerLine !== undefined && length + bytes.indexOf(NEWLINE) + longerLine <= KERNEL_PAGE;
}
