/**
 * The kernel's own files, which are read at every tick, through descriptors that stay open: a look
 * takes two calls (the text, and that there is no more) instead of four, and no path is walked.
 *
 * Only what the kernel makes anew at each read from the start, and what lives as long as the machine:
 * no process, no device.
 */

import { closeSync, openSync, readSync } from "node:fs";

const FIRST_BUFFER = 4 * 1024;
/** Leaves descriptors for everything else. */
const MOST_FILES = 64;
/** Several collectors of one tick read the same file: what is younger than this is new enough. */
const FRESH_MS = 20;

const KEPT =
  /^\/(proc\/(?!\d|self\b|thread-self\b|bus\b|scsi\b)|sys\/devices\/system\/cpu\/online$)/;

/** The bytes up to `length` are good until the second read of the same file that follows. */
export interface Text {
  readonly bytes: Uint8Array;
  readonly length: number;
}

export interface KeptFiles {
  /** Undefined where a file is none of these. Throws as `openSync` and `readSync` do. */
  read(path: string): Text | undefined;
}

interface Kept {
  descriptor: number;
  /** Two, in turn: whoever awaits something between two fields still has its own. */
  current: { bytes: Uint8Array; length: number };
  other: { bytes: Uint8Array; length: number };
  readAt: number;
}

export function createKeptFiles(monotonic = () => performance.now()): KeptFiles {
  const files = new Map<string, Kept>();

  function opened(path: string): Kept | undefined {
    const known = files.get(path);
    if (known !== undefined) return known;
    if (files.size >= MOST_FILES || !KEPT.test(path)) return undefined;
    const text = () => ({ bytes: new Uint8Array(FIRST_BUFFER), length: 0 });
    const kept: Kept = {
      descriptor: openSync(path, "r"),
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
        fill(kept);
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

function fill(kept: Kept): void {
  const text = kept.other;
  let length = 0;
  for (;;) {
    if (length === text.bytes.length) {
      const larger = new Uint8Array(text.bytes.length * 4);
      larger.set(text.bytes);
      text.bytes = larger;
    }
    const count = readSync(
      kept.descriptor,
      text.bytes,
      length,
      text.bytes.length - length,
      length,
    );
    if (count === 0) break;
    length += count;
  }
  text.length = length;
  kept.other = kept.current;
  kept.current = text;
}
