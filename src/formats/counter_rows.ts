/** Rows of a kernel's table whose fields are known by their place: `key n n n`. */

import type { Cursor } from "../core/cursor.ts";

/**
 * Reads a number for each name. Returns false where one is missing or is not a number; the others are used. Numbers
 * beyond the names belong to newer kernels.
 */
export function readRow(
  line: Cursor,
  names: readonly string[],
  use: (name: string, value: number | bigint) => void,
  read: (line: Cursor) => number | bigint | undefined = counter,
): boolean {
  let areAll = true;
  for (const name of names) {
    const value = line.more ? read(line) : undefined;
    if (value === undefined) areAll = false;
    else use(name, value);
  }
  return areAll;
}

function counter(line: Cursor): number | bigint | undefined {
  return line.tryCounter();
}
