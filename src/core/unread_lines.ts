/**
 * Lines of a source that a collector could not read. They cost nothing but themselves: they are counted, and
 * each source is logged once, with the first of its lines.
 */

import { oneLine } from "./visible.ts";

/** A cursor, or anything else that knows where a text is from. */
export interface UnreadLine {
  /** A path, a command. */
  readonly source: string;
  /** Undefined: nothing of the source can be read, though it is there. */
  line(): string | undefined;
}

interface Found {
  readonly first: string | undefined;
  count: number;
}

/** A part of an answer that no cursor reads. */
export function unreadPart(source: string, text: string): UnreadLine {
  return { source, line: () => text };
}

/** Characters of a line that are shown. */
const SHOWN = 100;
/** Sources that are remembered: names of files may come and go. */
const MAX_SOURCES = 100;

export class UnreadLines {
  readonly #told = new Set<string>();
  /** Of the run that is under way, by source. */
  readonly #found = new Map<string, Found>();

  add(line: UnreadLine): void {
    const found = this.#found.get(line.source);
    if (found !== undefined) found.count++;
    else this.#found.set(line.source, { first: line.line()?.slice(0, SHOWN), count: 1 });
  }

  /** Ends a run. Reports new sources through `tell`, and returns the number of unreadable lines. */
  end(tell: (message: string) => void): number {
    if (this.#found.size === 0) return 0;
    let all = 0;
    for (const [source, { first, count }] of this.#found) {
      all += count;
      if (this.#told.has(source) || this.#told.size >= MAX_SOURCES) continue;
      this.#told.add(source);
      if (first === undefined) {
        tell(`cannot read ${source}`);
        continue;
      }
      const lines = count === 1 ? "a line" : `${count} lines`;
      const which = count === 1 ? "" : "the first: ";
      tell(`leaves out ${lines} of ${source} that cannot be read: ${which}"${oneLine(first)}"`);
    }
    this.#found.clear();
    return all;
  }
}
