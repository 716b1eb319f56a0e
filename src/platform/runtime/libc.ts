/**
 * The C library, through Bun's foreign functions. Undefined where it is not to be had (Deno, other systems,
 * memory that may not be executed), so callers need another way or do without.
 */

import process from "node:process";
import { isPlain } from "./plain.ts";

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
  ptr(bytes: Uint8Array): number;
}

const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** For what is only cheaper this way: undefined with `memory = plain`. */
export function libc<Names extends string>(
  declarations: Readonly<Record<Names, Declaration>>,
): Functions<Names> | undefined {
  return isPlain ? undefined : systemCalls(declarations);
}

/** Where bytes lie; only where `systemCalls` has returned something. They must outlive its use. */
export function pointerTo(bytes: Uint8Array): number {
  return (process.getBuiltinModule("bun:ffi") as unknown as Foreign).ptr(bytes);
}

/** For what there is no other way to do, such as the work of process 1. */
export function systemCalls<Names extends string>(
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
