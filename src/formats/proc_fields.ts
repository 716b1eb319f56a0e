/**
 * Reads files with a name and a value in each line, such as /proc/meminfo and /proc/vmstat. A running kernel
 * always writes the same names in the same lines. So unwanted lines are examined once, and wanted ones are
 * expected where they were.
 */

import type { SkipLine } from "../core/collector.ts";
import type { Cursor } from "../core/cursor.ts";

/**
 * Numbers up to the end of the line, `most` of them, in place of what was in `values`: undefined for a field that is
 * not one. Returns whether all were.
 */
export function readNumbers(
  line: Cursor,
  most: number,
  values: (number | bigint | undefined)[],
): boolean {
  let areAll = true;
  let count = 0;
  for (; count < most && line.more; count++) {
    const value = line.trySigned();
    values[count] = value;
    if (value === undefined) areAll = false;
  }
  values.length = count;
  return areAll;
}

export interface Field {
  readonly name: string;
  readonly value: number | bigint;
}

/** A line that is wanted. */
interface Line {
  readonly name: string;
  /** What the line begins with. */
  readonly start: string;
  /** How many lines it stands behind the wanted one before it, or behind the beginning. */
  readonly distance: number;
  /** Where it began in the last text. */
  at: number;
  value: number | bigint;
}

interface Layout {
  readonly lines: readonly Line[];
  /** How many lines follow the last one that is wanted. */
  readonly rest: number;
  /** Bytes of the last text. */
  length: number;
}

/**
 * Reads the values of the names that are wanted; with `unit`, of lines that end in it. They are good until
 * the next call.
 */
export function fieldReader(
  wanted: (name: string) => boolean,
  unit?: string,
): (text: Cursor, skipLine: SkipLine) => readonly Field[] {
  let layout: Layout = { lines: [], rest: 0, length: 0 };

  function learn(text: Cursor, skipLine: SkipLine): Layout {
    const lines: Line[] = [];
    let distance = 0;
    for (text.rewind(); text.nextLine();) {
      distance++;
      const at = text.position;
      const word = text.word();
      const name = word.endsWith(":") ? word.slice(0, -1) : word;
      if (name === "" || !wanted(name)) continue;
      const value = text.trySigned();
      // Lines of another unit, or none, are something else.
      if (unit !== undefined && text.word() !== unit) continue;
      if (value === undefined || text.more) {
        skipLine(text);
        continue;
      }
      lines.push({ name, start: `${word} `, distance, at, value });
      distance = 0;
    }
    return { lines, rest: distance, length: text.length };
  }

  /** False where the lines are not what they were. */
  function reread(text: Cursor): boolean {
    /** How far numbers that became longer have moved what stands behind them. */
    let shift = 0;
    let before: Line | undefined;
    for (const line of layout.lines) {
      if (!find(text, line, shift, before)) return false;
      shift = text.position - line.at;
      line.at = text.position;
      const value = text.skip().trySigned();
      if (value === undefined || (unit !== undefined && text.word() !== unit)) return false;
      if (text.more) return false;
      line.value = value;
      before = line;
    }
    if (text.length !== layout.length + shift && step(text) !== layout.rest) return false;
    layout.length = text.length;
    return before !== undefined;
  }

  return (text, skipLine) => {
    if (!reread(text)) layout = learn(text, skipLine);
    return layout.lines;
  };
}

/** Mostly no number between has another length: then none of the lines between has to be looked at. */
function find(text: Cursor, line: Line, shift: number, before: Line | undefined): boolean {
  if (text.moveTo(line.at + shift) && text.starts(line.start)) return true;
  text.rewind();
  if (before !== undefined) text.moveTo(before.at);
  return step(text, line.distance) === line.distance && text.starts(line.start);
}

/** Steps over so many lines, or all that there are. Returns how many there were. */
function step(text: Cursor, most = Infinity): number {
  let count = 0;
  while (count < most && text.nextLine()) count++;
  return count;
}
