/**
 * /proc/net/snmp and /proc/net/netstat: pairs of lines, names above values.
 * Source: https://www.kernel.org/doc/html/latest/networking/snmp_counter.html
 */

import type { Cursor } from "../core/cursor.ts";
import { badData } from "../core/errors.ts";

export interface Pair {
  readonly name: string;
  value: number | bigint;
}

/** The names above the values, which stay what they are from run to run. */
interface Header {
  readonly line: Uint8Array;
  /** By column; undefined where nobody wants the value. */
  readonly columns: readonly (Pair | undefined)[];
  /** Those that are wanted. */
  readonly pairs: readonly Pair[];
}

/**
 * Reads the names and values of the first pair of lines that begin with `tag`, those that are wanted, good
 * until the next call; undefined where there are no such lines.
 */
export function pairReader(
  tag: string,
  wanted: (name: string) => boolean,
): (lines: Cursor) => readonly Readonly<Pair>[] | undefined {
  let header: Header | undefined;

  function headerOf(lines: Cursor): Header {
    if (header !== undefined && lines.equals(header.line)) return header;
    const columns: (Pair | undefined)[] = [];
    for (lines.skip(); lines.more;) {
      const name = lines.word();
      columns.push(wanted(name) ? { name, value: 0 } : undefined);
    }
    const pairs = columns.filter((pair) => pair !== undefined);
    return header = { line: lines.lineBytes(), columns, pairs };
  }

  return (lines) => {
    while (lines.nextLine()) {
      if (!lines.starts(tag)) continue;
      const { columns, pairs } = headerOf(lines);
      if (!lines.nextLine() || !lines.starts(tag)) {
        throw badData(`There are no values below the names of "${tag}" in ${lines.source}`);
      }
      lines.skip();
      for (const pair of columns) {
        if (pair === undefined) lines.skip();
        else pair.value = lines.counterOrNegative();
      }
      return pairs;
    }
    return undefined;
  };
}

/** Of names that an option allows, where none is all. */
export function isAllowed(names: readonly string[]): (name: string) => boolean {
  const allowed = new Set(names);
  return (name) => allowed.size === 0 || allowed.has(name);
}
