/**
 * Files with a name and a value in each line, such as /proc/meminfo and /proc/vmstat. A kernel writes the
 * same names into the same lines for as long as it runs: those that nobody wants are not looked at twice.
 */

import type { Cursor } from "../core/cursor.ts";

/** Whole numbers up to the end of the line, `most` of them, in place of what was in `values`. */
export function readCounters(
  line: Cursor,
  most: number,
  values: (number | bigint)[],
): (number | bigint)[] {
  let count = 0;
  for (; count < most && line.more; count++) values[count] = line.counter();
  values.length = count;
  return values;
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
  value: number | bigint;
}

/**
 * Reads the values of the names that are wanted; with `unit`, of lines that end in it. They are good until
 * the next call.
 */
export function fieldReader(
  wanted: (name: string) => boolean,
  unit?: string,
): (lines: Cursor) => readonly Field[] {
  /** Of the file; undefined where nobody wants one. */
  let all: readonly (Line | undefined)[] = [];
  let fields: readonly Line[] = [];

  function learn(lines: Cursor): void {
    const learnt: (Line | undefined)[] = [];
    for (lines.rewind(); lines.nextLine();) {
      const start = lines.word();
      const name = start.endsWith(":") ? start.slice(0, -1) : start;
      const value = wanted(name) ? lines.counterOrNegative() : undefined;
      const isField = value !== undefined && (unit === undefined || lines.word() === unit);
      learnt.push(isField ? { name, start, value } : undefined);
    }
    all = learnt;
    fields = learnt.filter((line) => line !== undefined);
  }

  /** False where the lines are not what they were. */
  function reread(lines: Cursor): boolean {
    let number = 0;
    for (; lines.nextLine(); number++) {
      const line = all[number];
      if (line === undefined) continue;
      if (!lines.starts(line.start)) return false;
      line.value = lines.skip().counterOrNegative();
    }
    return number === all.length && number > 0;
  }

  return (lines) => {
    if (!reread(lines)) learn(lines);
    return fields;
  };
}
