/** Tables and colours, for people. */

import type { Terminal } from "./world.ts";

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export function paint(terminal: Terminal, colour: keyof typeof CODES, text: string): string {
  return terminal.colours ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text;
}

/** The last column is never narrower than this, however narrow the terminal is. */
const MIN_LAST = 24;

/** Columns as wide as their widest cell, two blanks apart. With `width` the last one is wrapped to fit it. */
export function table(
  rows: readonly (readonly string[])[],
  indent = "",
  width = Infinity,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  }
  return rows.map((row) => {
    const before = row.slice(0, -1).map((cell, column) => `${cell.padEnd(widths[column])}  `).join(
      "",
    );
    const start = indent + before;
    const room = Math.max(MIN_LAST, width - start.length);
    const lines = wrapped(row.at(-1) ?? "", room);
    return lines.map((line, at) => (at === 0 ? start : " ".repeat(start.length)) + line)
      .map((line) => `${line.trimEnd()}\n`).join("");
  }).join("");
}

/** Lines of at most `width` characters, broken at blanks; a longer word has a line of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    const next = line === "" ? word : `${line} ${word}`;
    if (next.length <= width || line === "") lines[lines.length - 1] = next;
    else lines.push(word);
  }
  return lines;
}
