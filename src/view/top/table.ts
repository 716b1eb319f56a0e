/** A table in so many lines and cells: its head, and the rows around the cursor. */

import { type Column, COLUMNS, type Row } from "./rows.ts";
import { cursorIn, type Pane, type PaneState } from "./state.ts";
import {
  clean,
  cut,
  cutFront,
  fitted,
  type Glyphs,
  type Line,
  padEnd,
  padStart,
  piece,
  widthOf,
} from "./text.ts";

interface Place {
  readonly width: number;
  /** Lines, with the head; Infinity: as many as there are. */
  readonly height: number;
  /** The cursor is in it. */
  readonly isFocused: boolean;
}

const GAP = "  ";
const MIN_FILL = 8;

export function table(
  pane: Pane,
  rows: readonly Row[],
  state: PaneState,
  place: Place,
  glyphs: Glyphs,
): Line[] {
  const columns = COLUMNS[pane].flatMap((column, at) =>
    place.width >= (column.from ?? 0) ? [{ ...column, at }] : []
  );
  const cursor = place.isFocused ? cursorIn(state, rows.map(({ name }) => name)) : -1;
  const room = place.height - 1;
  const [from, to] = window(rows, Math.max(0, cursor), room);
  const shown = rows.slice(from, to);
  const texts = shown.map(({ cells }) => cells.map((cell) => clean(cell, glyphs)));
  const titles = COLUMNS[pane].map(({ title }, at) => title + arrow(at, rows[0], state, glyphs));
  const widths = widthsOf(columns, [titles, ...texts], place.width - 2);
  const cells = (all: readonly string[]) =>
    columns.map((column, index) => cell(all[column.at], column, widths[index], glyphs)).join(GAP);
  const marker = glyphs.ascii ? ">" : "›";
  const lines = shown.flatMap(({ style, note }, at): Line[] => {
    const isChosen = from + at === cursor;
    const row = piece(
      `${isChosen ? marker : " "} ${cells(texts[at])}`,
      isChosen ? "chosen" : style,
    );
    if (note === undefined) return [[row]];
    return [[row], [piece(`    ${clean(note, glyphs)}`, isChosen ? "bold" : style)]];
  });
  const head: Line = [piece(`  ${cells(titles)}`, "dim")];
  return [head, ...lines.slice(0, room)].map((line) => fitted(line, place.width, glyphs));
}

/** The rows that fit, with the cursor in the middle where there are more. */
function window(rows: readonly Row[], cursor: number, room: number): readonly [number, number] {
  if (room === Infinity) return [0, rows.length];
  const height = (at: number) => rows[at].note === undefined ? 1 : 2;
  let [from, to, left] = [cursor, cursor, room];
  const half = Math.floor(room / 2);
  while (to < rows.length && (left > half || from === 0) && left >= height(to)) {
    left -= height(to++);
  }
  while (from > 0 && left >= height(from - 1)) left -= height(--from);
  while (to < rows.length && left > 0) left -= height(to++);
  return [from, to];
}

/** Which way the column is sorted. */
function arrow(
  at: number,
  row: Row | undefined,
  { sort, isReversed }: PaneState,
  { up, down }: Glyphs,
): string {
  if (at !== sort) return "";
  const isDown = typeof row?.keys[at] === "number";
  return isDown === isReversed ? ` ${up}` : ` ${down}`;
}

/** As wide as the widest cell; one takes what is left. */
function widthsOf(
  columns: readonly (Column & { readonly at: number })[],
  rows: readonly (readonly string[])[],
  width: number,
): number[] {
  const widths = columns.map(({ at }) =>
    rows.reduce((most, cells) => Math.max(most, widthOf(cells[at])), 0)
  );
  const fill = columns.findIndex(({ fills }) => fills !== undefined);
  const gaps = GAP.length * (columns.length - 1);
  const others = widths.reduce((sum, one, at) => at === fill ? sum : sum + one, gaps);
  widths[fill] = Math.max(MIN_FILL, width - others);
  return widths;
}

function cell(text: string, { isRight, fills }: Column, width: number, glyphs: Glyphs): string {
  const fitting = fills === "front" ? cutFront(text, width, glyphs) : cut(text, width, glyphs);
  return isRight ? padStart(fitting, width) : padEnd(fitting, width);
}
