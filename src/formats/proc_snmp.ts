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
  /** Those that are wanted. */
  readonly pairs: readonly Pair[];
  /** How many fields stand before the value of each, from the one before or the tag on. */
  readonly gaps: readonly number[];
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
    const pairs: Pair[] = [];
    const gaps: number[] = [];
    let gap = 0;
    for (lines.skip(); lines.more; gap++) {
      const name = lines.word();
      if (!wanted(name)) continue;
      pairs.push({ name, value: 0 });
      gaps.push(gap);
      gap = -1;
    }
    return header = { line: lines.lineBytes(), pairs, gaps };
  }

  return (lines) => {
    while (lines.nextLine()) {
      if (!lines.starts(tag)) continue;
      const { pairs, gaps } = headerOf(lines);
      if (!lines.nextLine() || !lines.starts(tag)) {
        throw badData(`There are no values below the names of "${tag}" in ${lines.source}`);
      }
      lines.skip();
      for (let at = 0; at < pairs.length; at++) {
        pairs[at].value = lines.skip(gaps[at]).counterOrNegative();
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
