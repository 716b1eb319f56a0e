/**
 * Files with a name and a value in each line, such as /proc/meminfo and /proc/vmstat. A kernel writes the
 * same names into the same lines for as long as it runs: those that nobody wants are not looked at twice.
 */

import type { Cursor } from "../core/cursor.ts";

/** A line that is wanted. */
interface Field {
  readonly name: string;
  /** What the line begins with. */
  readonly start: string;
}

/**
 * Reads the values of the names that are wanted; with `unit`, of lines that end in it. The map is good
 * until the next call.
 */
export function fieldReader(
  wanted: (name: string) => boolean,
  unit?: string,
): (lines: Cursor) => ReadonlyMap<string, number | bigint> {
  /** By line; undefined where nobody wants it. */
  let fields: readonly (Field | undefined)[] = [];
  const values = new Map<string, number | bigint>();

  function learn(lines: Cursor): void {
    values.clear();
    const learnt: (Field | undefined)[] = [];
    for (lines.rewind(); lines.nextLine();) {
      const start = lines.word();
      const name = start.endsWith(":") ? start.slice(0, -1) : start;
      const value = wanted(name) ? lines.counterOrNegative() : undefined;
      const isField = value !== undefined && (unit === undefined || lines.word() === unit);
      if (isField) values.set(name, value);
      learnt.push(isField ? { name, start } : undefined);
    }
    fields = learnt;
  }

  /** False where the lines are not what they were. */
  function reread(lines: Cursor): boolean {
    let line = 0;
    for (; lines.nextLine(); line++) {
      const field = fields[line];
      if (field === undefined) continue;
      if (!lines.starts(field.start)) return false;
      values.set(field.name, lines.skip().counterOrNegative());
    }
    return line === fields.length && line > 0;
  }

  return (lines) => {
    if (!reread(lines)) learn(lines);
    return values;
  };
}
