/**
 * The C library, for the few things that no runtime offers: Bun's foreign functions reach it without an
 * addon. Undefined wherever it cannot be had (Deno, other systems, memory that may not be executed), so
 * whoever asks needs another way, or can do without.
 */

import process from "node:process";

type Type = "ptr" | "i32" | "u32" | "i64" | "u64";

export interface Declaration {
  readonly args: readonly Type[];
  readonly returns: Type;
}

export type Functions<Names extends string> = Readonly<
  Record<Names, (...args: unknown[]) => number>
>;

interface Foreign {
  dlopen(
    path: string,
    symbols: Readonly<Record<string, Declaration>>,
  ): { readonly symbols: Functions<string> };
}

const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

export function libc<Names extends string>(
  declarations: Readonly<Record<Names, Declaration>>,
): Functions<Names> | undefined {
  if (process.platform !== "linux") return undefined;
  const foreign = process.getBuiltinModule("bun:ffi") as unknown as Foreign | undefined;
  if (foreign === undefined) return undefined;
  for (const library of LIBRARIES) {
    try {
      return foreign.dlopen(library, declarations).symbols;
    } catch {
      // Another C library.
    }
  }
  return undefined;
}
