/** Texts in the place of the tables: the keys, and the explanation of a row. */

import { ruleLine } from "./header.ts";
import type { ExplainedRow } from "./model.ts";
import { clean, cut, type Glyphs, type Line, padEnd, piece, widthOf } from "./text.ts";

const KEYS: readonly (readonly [string, string])[] = [
  ["Tab, 1 2 3", "the next table; handlers, collectors, metrics"],
  ["Up Down, j k", "move; also PgUp, PgDn, Home, End"],
  ["/", "filter: words, or a pattern such as *.cpu.*; Esc clears it"],
  ["s, S", "sort by the next column; the other way round"],
  ["f", "follow: the cursor stays with its row when the order changes"],
  ["Enter", "explain the row: where it comes from, what is wrong"],
  ["p, Space", "pause, and go on"],
  ["Left Right", "step through the history by a tenth of the span; [ ] by all"],
  ["n", "now: leave the history and the pause"],
  ["+ -", "a shorter or a longer span of the charts: 1 min to 7 d"],
  ["Ctrl-L", "draw again"],
  ["q, Ctrl-C", "quit"],
];

export function helpLines(): ExplainedRow[] {
  return KEYS.map(([label, value]) => ({ label, value }));
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Labels in one column and their values beside them, wrapped; a value without a label has the line for itself. */
export function textBody(
  title: string,
  rows: readonly ExplainedRow[],
  scroll: number,
  { columns, rows: height }: Size,
  glyphs: Glyphs,
): Line[] {
  const labels = rows.map(({ label }) => clean(label, glyphs));
  const width = Math.min(24, labels.reduce((most, label) => Math.max(most, widthOf(label)), 0));
  const lines = rows.flatMap(({ value }, at) => {
    const hasLabel = labels[at] !== "";
    const room = hasLabel ? columns - width - 4 : columns - 2;
    const parts = value.split("\n").flatMap((part) => wrapped(clean(part, glyphs), room));
    if (!hasLabel) return parts.map((text): Line => [piece(`  ${text}`, "bold")]);
    return parts.map((text, line): Line => [
      piece(`  ${padEnd(line === 0 ? cut(labels[at], width, glyphs) : "", width)}  `, "bold"),
      piece(text),
    ]);
  });
  const from = Math.max(0, Math.min(scroll, lines.length - (height - 1)));
  const name = cut(clean(title, glyphs), columns - 6, glyphs);
  return [
    ruleLine([piece(` ${name} `, "bold")], [], columns, glyphs),
    ...lines.slice(from, from + height - 1),
  ];
}

/** Lines of at most `width` cells, broken at blanks, or within a word that is longer. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (widthOf(rest) > width) {
    const blank = rest.lastIndexOf(" ", width);
    const end = blank > 0 ? blank : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
