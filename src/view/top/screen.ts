/** The screen of `top`: header, charts, tables and keys, in exactly the lines and cells that there are. */

import { charts } from "./charts.ts";
import { problemLines, ruleLine, titleLine } from "./header.ts";
import type { TopModel } from "./model.ts";
import { COLUMNS, isOn, type Row, rowsOf } from "./rows.ts";
import { type Pane, PANES, type TopState } from "./state.ts";
import { table } from "./table.ts";
import { clean, fitted, type Glyphs, type Line, piece, spread } from "./text.ts";
import { helpLines, textBody } from "./texts.ts";
import { lengthText } from "../lengths.ts";

interface Size {
  readonly columns: number;
  readonly rows: number;
}

const MIN_SIZE: Size = { columns: 80, rows: 24 };
/** From this size on all tables are there at once. */
const ALL_TABLES: Size = { columns: 160, rows: 36 };
/** From this height on there is room for more of everything. */
const HIGH_ROWS = 36;
const MIN_TABLE = 9;
/** Lines that a second table needs: title, head, two rows. */
const MIN_BELOW = 4;

const TITLES: Readonly<Record<Pane, string>> = {
  handlers: "Handlers",
  collectors: "Collectors",
  metrics: "Metrics",
};

/** Where the parts of a screen are. */
interface Layout {
  readonly problems: number;
  readonly charts: number;
  readonly body: number;
  readonly hasAll: boolean;
}

/** Lines of a table without its title and head: what a page is. */
export function pageOf(model: TopModel, size: Size): number {
  return Math.max(1, layoutOf(model, size).body - 2);
}

export function screen(model: TopModel, state: TopState, size: Size, glyphs: Glyphs): Line[] {
  const { columns, rows } = size;
  if (columns < MIN_SIZE.columns || rows < MIN_SIZE.rows) return tooSmall(size, glyphs);
  const layout = layoutOf(model, size);
  const span = `${lengthText(state.span)}`;
  const drawn = charts(model, { width: columns, height: layout.charts, span: state.span }, glyphs);
  const above = [
    titleLine(model, state, columns, glyphs),
    ...problemLines(model, state, { height: layout.problems, width: columns }, glyphs),
    ruleLine([piece(" Last "), piece(`${span} `, "bold")], [], columns, glyphs),
    ...drawn,
  ];
  const room = rows - above.length - 1;
  const body = bodyOf(model, state, { columns, rows: room }, layout.hasAll, glyphs);
  const filled = [...body, ...blank(room - body.length)].slice(0, room);
  return [...above, ...filled, keyLine(state, model, glyphs)].map((line) =>
    fitted(line, columns, glyphs)
  );
}

function layoutOf(model: TopModel, { columns, rows }: Size): Layout {
  const isHigh = rows >= HIGH_ROWS;
  const wrong = model.status.degraded.length + (model.trouble === undefined ? 0 : 1);
  const problems = Math.min(isHigh ? 5 : 2, Math.max(1, wrong));
  // Title, the rule above the charts, the keys.
  const left = rows - 3 - problems;
  const wanted = isHigh ? Math.floor(left * 0.48) : Math.min(model.panels.length, 8);
  const height = Math.min(wanted, Math.max(0, left - MIN_TABLE - 1));
  const hasAll = columns >= ALL_TABLES.columns && rows >= ALL_TABLES.rows;
  return { problems, charts: height, body: left - height, hasAll };
}

function bodyOf(
  model: TopModel,
  state: TopState,
  size: Size,
  hasAll: boolean,
  glyphs: Glyphs,
): Line[] {
  if (state.mode === "help") return textBody("Keys", helpLines(), state.scroll, size, glyphs);
  if (state.mode === "explain") {
    const rows = model.explanation ?? [{ label: "", value: "asking the agent" }];
    return textBody(state.explained, rows, state.scroll, size, glyphs);
  }
  return hasAll ? allTables(model, state, size, glyphs) : oneTable(model, state, size, glyphs);
}

/** The chosen table; the collectors stand below the handlers, which are few. */
function oneTable(model: TopModel, state: TopState, size: Size, glyphs: Glyphs): Line[] {
  const { pane } = state;
  const { columns: width, rows: height } = size;
  const rows = rowsOf(pane, model, state.panes[pane]);
  const tabs = PANES.flatMap((one) => tabPieces(one, model, one === pane, glyphs));
  const place = { width, height: height - 1, isFocused: true };
  const lines = [
    ruleLine(tabs, filterPieces(pane, rows, model, state, glyphs), width, glyphs),
    ...table(pane, rows, state.panes[pane], place, glyphs),
  ];
  const left = height - lines.length;
  if (pane !== "handlers" || left < MIN_BELOW) return lines;
  return [...lines, ...titledTable("collectors", model, state, { width, height: left }, glyphs)];
}

/** A table with its title, in so many lines. */
function titledTable(
  pane: Pane,
  model: TopModel,
  state: TopState,
  { width, height }: { readonly width: number; readonly height: number },
  glyphs: Glyphs,
): Line[] {
  const isFocused = pane === state.pane;
  const rows = rowsOf(pane, model, state.panes[pane]);
  const title = tabPieces(pane, model, isFocused, glyphs);
  const drawn = [
    ruleLine(title, filterPieces(pane, rows, model, state, glyphs), width, glyphs),
    ...table(pane, rows, state.panes[pane], { width, height: height - 1, isFocused }, glyphs),
  ];
  return [...drawn, ...blank(height - drawn.length)].map((line) => fitted(line, width, glyphs));
}

/** Handlers above collectors, and the metrics beside them. */
function allTables(model: TopModel, state: TopState, size: Size, glyphs: Glyphs): Line[] {
  const left = Math.floor((size.columns - 1) / 2);
  const lines = rowsOf("handlers", model, state.panes.handlers).reduce(
    (sum, { note }) => sum + (note === undefined ? 1 : 2),
    2,
  );
  const handlers = Math.min(lines + 1, Math.floor(size.rows / 2));
  const part = (pane: Pane, width: number, height: number) =>
    titledTable(pane, model, state, { width, height }, glyphs);
  const column = [
    ...part("handlers", left, handlers),
    ...part("collectors", left, size.rows - handlers),
  ];
  const beside = part("metrics", size.columns - left - 1, size.rows);
  return column.map((line, at) => [...line, piece(" "), ...beside[at]]);
}

function blank(count: number): Line[] {
  return Array.from({ length: Math.max(0, count) }, () => []);
}

function tabPieces(pane: Pane, model: TopModel, isChosen: boolean, { ascii }: Glyphs): Line {
  const title = ` ${TITLES[pane]} ${countOf(pane, model)} `;
  if (!isChosen) return [piece(title, "dim")];
  const [open, close] = ascii ? ["[", "]"] : ["┤", "├"];
  return [piece(open, "dim"), piece(title, "bold"), piece(close, "dim")];
}

function countOf(pane: Pane, { status, metrics }: TopModel): string {
  if (pane === "metrics") return metrics.total.toLocaleString("en-US");
  const all = status[pane];
  const on = all.filter(isOn).length;
  return on === all.length ? `${on}` : `${on} (${all.length - on} off)`;
}

function filterPieces(
  pane: Pane,
  rows: readonly Row[],
  { metrics }: TopModel,
  { panes, pane: focused, mode, at }: TopState,
  glyphs: Glyphs,
): Line {
  const { filter, followed } = panes[pane];
  const parts: string[] = [];
  if (at !== undefined && pane !== "metrics") parts.push("as of now");
  if (followed !== undefined) parts.push("follows the row");
  if (pane === "metrics" && metrics.total > rows.length) parts.push(`first ${rows.length}`);
  if (filter !== "" && !(mode === "filter" && pane === focused)) {
    parts.push(`filter "${clean(filter, glyphs)}"${pane === "metrics" ? "" : `: ${rows.length}`}`);
  }
  return parts.length === 0 ? [] : [piece(` ${parts.join(", ")} `, "yellow")];
}

const KEYS = "q quit  Tab table  / filter  s sort  p pause  Enter explain";

function keyLine(
  { mode, pane, panes }: TopState,
  { hasHistory }: TopModel,
  { ascii }: Glyphs,
): Line {
  if (mode === "filter") {
    return [
      piece(" filter: ", "bold"),
      piece(`${panes[pane].filter}_`),
      piece("   Enter keeps it, Esc clears it", "dim"),
    ];
  }
  if (mode !== "table") return [piece(" Esc back  PgUp PgDn scroll  Ctrl-C quit", "dim")];
  const time = hasHistory ? `  ${ascii ? "<- ->" : "← →"} time` : "";
  return [piece(` ${KEYS}${time}  ? help`, "dim")];
}

function tooSmall({ columns, rows }: Size, glyphs: Glyphs): Line[] {
  const text = `${columns}x${rows}: top needs ${MIN_SIZE.columns}x${MIN_SIZE.rows}`;
  const lines: Line[] = [[piece(text)], [piece("q quits")]];
  return [...lines, ...blank(rows)].slice(0, rows).map((line) => fitted(line, columns, glyphs));
}

/** All that there is, one part below the other, for a file or a pipe. */
export function plainFrame(
  model: TopModel,
  state: TopState,
  columns: number,
  glyphs: Glyphs,
): Line[] {
  const tables = PANES.flatMap((pane) => {
    const rows = rowsOf(pane, model, state.panes[pane]);
    const place = { width: columns, height: Infinity, isFocused: false };
    return [
      [],
      spread(tabPieces(pane, model, false, glyphs), [], columns, glyphs),
      ...table(pane, rows, state.panes[pane], place, glyphs),
    ];
  });
  return [
    titleLine(model, state, columns, glyphs),
    ...problemLines(model, state, { height: Infinity, width: columns }, glyphs),
    [],
    ...charts(model, {
      width: Math.min(columns, 119),
      height: model.panels.length,
      span: state.span,
    }, glyphs),
    ...tables,
  ];
}

/** The names of the rows of the table that keys act on, in their order. */
export function shownRows(model: TopModel, { pane, panes }: TopState): readonly string[] {
  return rowsOf(pane, model, panes[pane]).map(({ name }) => name);
}

/** How many columns a table can be sorted by. */
export function columnsOf(pane: Pane): number {
  return COLUMNS[pane].length;
}

/** Whether the table of metrics is on the screen. */
export function hasMetrics({ pane }: TopState, { columns, rows }: Size): boolean {
  return pane === "metrics" || (columns >= ALL_TABLES.columns && rows >= ALL_TABLES.rows);
}
