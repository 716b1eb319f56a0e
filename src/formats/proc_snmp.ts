/**
 * /proc/net/snmp and /proc/net/netstat: pairs of lines, names above values.
 * Source: https://www.kernel.org/doc/html/latest/networking/snmp_counter.html
 */

import type { SkipLine } from "../core/collector.ts";
import type { Cursor } from "../core/cursor.ts";

const decoder = new TextDecoder();

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
  /** How many follow the last one. */
  readonly rest: number;
}

/** Reads the lines from the first on. */
type PairReader = (
  lines: Cursor,
  skipLine: SkipLine,
) => readonly Readonly<Pair>[] | undefined;

/**
 * Creates a reader for the first pair of lines that begin with `tag`. It returns the wanted names and values,
 * valid until the next call; undefined if the lines are missing.
 */
export function pairReader(tag: string, wanted: (name: string) => boolean): PairReader {
  let header: Header | undefined;

  function headerOf(lines: Cursor): Header {
    if (header !== undefined && lines.equals(header.line)) return header;
    const pairs: Pair[] = [];
    const gaps: number[] = [];
    let gap = 0;
    for (lines.skip(); lines.more; gap++) {
      const name = lines.word();
      if (!wanted(name) || pairs.some((pair) => pair.name === name)) continue;
      pairs.push({ name, value: 0 });
      gaps.push(gap);
      gap = -1;
    }
    return header = { line: lines.lineBytes(), pairs, gaps, rest: gap };
  }

  return (lines, skipLine) => {
    while (lines.nextLine()) {
      if (!lines.starts(tag)) continue;
      const names = headerOf(lines);
      while (lines.nextLine() && lines.equals(names.line)) skipLine(lines);
      if (lines.starts(tag)) {
        const values = readValues(lines, names, skipLine);
        if (values !== undefined) return values;
      }
      // gVisor has the names alone.
      skipLine({ source: lines.source, line: () => decoder.decode(names.line) });
    }
    return undefined;
  };
}

/**
 * Reads the values. Returns undefined if their number differs from that of the names, since they cannot be matched
 * then.
 */
function readValues(
  lines: Cursor,
  { pairs, gaps, rest }: Header,
  skipLine: SkipLine,
): readonly Pair[] | undefined {
  let areAll = true;
  lines.skip();
  for (let at = 0; at < pairs.length; at++) {
    lines.skip(gaps[at]);
    if (!lines.more) return undefined;
    const value = lines.trySigned();
    if (value === undefined) areAll = false;
    pairs[at].value = value ?? NaN;
  }
  if (rest > 0 && !lines.skip(rest - 1).more) return undefined;
  if (rest > 0) lines.skip();
  if (lines.more) return undefined;
  if (areAll) return pairs;
  const values = pairs.filter(({ value }) => typeof value === "bigint" || !Number.isNaN(value));
  if (values.length === 0) return undefined;
  skipLine(lines);
  return values;
}

/** Of names that an option allows, where none is all. */
export function isAllowed(names: readonly string[]): (name: string) => boolean {
  const allowed = new Set(names);
  return (name) => allowed.size === 0 || allowed.has(name);
}
