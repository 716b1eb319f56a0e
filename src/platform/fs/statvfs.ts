/**
 * statvfs(3). Deno's statfs has no `frsize`, which the counts of blocks are in; on FUSE and virtiofs `bsize` is 256
 * times as much. There the C library is asked.
 */

import { statfsSync, type StatsFs } from "node:fs";
import { once } from "../runtime/once.ts";

export type RawStatVfs = Omit<StatsFs, "frsize"> & { readonly frsize?: number };

/** Throws as `statfsSync` does. */
export function statvfs(path: string): RawStatVfs {
  const raw: RawStatVfs = statfsSync(path);
  if (raw.frsize !== undefined) return raw;
  return { ...raw, frsize: fragmentBytes(path) };
}

/** Of Deno; its own types are not here. */
interface Foreign {
  dlopen(
    library: string,
    symbols: Record<string, unknown>,
  ): { readonly symbols: { statvfs(path: Uint8Array, answer: Uint8Array): number } };
}

/** More than the structure has on any system. */
const ANSWER_BYTES = 256;
/** Two numbers of 64 bits begin it: the size of a transfer, and that of a block. */
const FRAGMENT_AT = 8;

const library = once(() => {
  const { Deno: deno } = globalThis as { readonly Deno?: Partial<Foreign> };
  for (const name of ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"]) {
    try {
      return deno?.dlopen?.(name, {
        statvfs: { parameters: ["buffer", "buffer"], result: "i32" },
      }).symbols;
    } catch {
      // Another C library, or one that may not be called.
    }
  }
  return undefined;
});

/** Undefined where it is not known. */
function fragmentBytes(path: string): number | undefined {
  const answer = new Uint8Array(ANSWER_BYTES);
  const name = new TextEncoder().encode(`${path}\0`);
  if (library()?.statvfs(name, answer) !== 0) return undefined;
  return Number(new DataView(answer.buffer).getBigUint64(FRAGMENT_AT, true));
}
