/**
 * /proc/net/snmp and /proc/net/netstat: pairs of lines, names above values.
 * Source: https://www.kernel.org/doc/html/latest/networking/snmp_counter.html
 */

import type { Cursor } from "../core/cursor.ts";
import { badData } from "../core/errors.ts";

export type Pair = readonly [name: string, value: number | bigint];

/** The names above the values, which stay what they are from run to run. */
interface Header {
  readonly line: Uint8Array;
  /** By column; undefined where nobody wants the value. */
  readonly names: readonly (string | undefined)[];
}

/**
 * Reads the names and values of the first pair whose lines begin with `tag`, those that are wanted;
 * undefined where there is no such pair.
 */
export function pairReader(
  tag: string,
  wanted: (name: string) => boolean,
): (lines: Cursor) => Pair[] | undefined {
  let header: Header | undefined;

  function namesOf(lines: Cursor): Header["names"] {
    if (header !== undefined && lines.equals(header.line)) return header.names;
    const names: (string | undefined)[] = [];
    for (lines.skip(); lines.more;) {
      const name = lines.word();
      names.push(wanted(name) ? name : undefined);
    }
    header = { line: lines.lineBytes(), names };
    return names;
  }

  return (lines) => {
    while (lines.nextLine()) {
      if (!lines.starts(tag)) continue;
      const names = namesOf(lines);
      if (!lines.nextLine() || !lines.starts(tag)) {
        throw badData(`There are no values below the names of "${tag}" in ${lines.source}`);
      }
      const pairs: Pair[] = [];
      lines.skip();
      for (const name of names) {
        if (name === undefined) lines.skip();
        else pairs.push([name, lines.counterOrNegative()]);
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
