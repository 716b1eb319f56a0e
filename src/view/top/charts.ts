/** The charts of the panels, in one line each or several lines high, beside each other where there is room. */

import type { Panel } from "../overview.ts";
import { quantity } from "../quantity.ts";
import type { TopModel } from "./model.ts";
import { type PanelView, panelView } from "./panels.ts";
import { columnsOf, plot } from "./plot.ts";
import {
  clean,
  cut,
  fitted,
  type Glyphs,
  type Line,
  padEnd,
  padStart,
  piece,
  spread,
  widthOf,
} from "./text.ts";

interface Place {
  readonly width: number;
  /** Lines at most. */
  readonly height: number;
  readonly span: number;
}

/** From this width on there are two beside each other. */
const TWO_FROM = 120;
const BETWEEN = 3;
const MAX_ROWS = 5;
/** Of a chart in one line: the title, the value, and the values of the parts. */
const MAX_TITLE = 16;
const VALUE_WIDTH = 11;
const MIN_PARTS = 24;

export function charts(model: TopModel, place: Place, glyphs: Glyphs): Line[] {
  const across = place.width >= TWO_FROM ? 2 : 1;
  const width = Math.floor((place.width - (across - 1) * BETWEEN) / across);
  const down = Math.ceil(model.panels.length / across);
  const high = Math.min(MAX_ROWS, Math.floor(place.height / Math.max(1, down)) - 1);
  const longest = Math.max(...model.panels.map(({ title }) => widthOf(title)), 0);
  const titles = Math.min(MAX_TITLE, longest);
  const draw = (panel: Panel) => {
    const how = { width, titles, span: place.span, end: model.end };
    return high >= 2
      ? highChart(panel, model, { ...how, rows: high }, glyphs)
      : [lowChart(panel, model, how, glyphs)];
  };
  const drawn = model.panels.slice(0, across * Math.max(1, place.height)).map(draw);
  const lines: Line[] = [];
  for (let at = 0; at < drawn.length; at += across) {
    const right = across === 2 ? drawn[at + 1] : undefined;
    for (const [row, left] of drawn[at].entries()) {
      const beside = right?.[row];
      const both = beside === undefined ? left : [...left, piece(" ".repeat(BETWEEN)), ...beside];
      lines.push(fitted(both, place.width, glyphs));
    }
  }
  return lines.slice(0, place.height);
}

interface How {
  readonly width: number;
  /** Cells of the longest title. */
  readonly titles: number;
  readonly span: number;
  readonly end: number;
}

/** `CPU   ▂▃▅▂▁   12.4 %   user 8.1, system 4.3` */
function lowChart(panel: Panel, { samples }: TopModel, how: How, glyphs: Glyphs): Line {
  const partsWidth = Math.max(MIN_PARTS, Math.floor(how.width * 0.3));
  const columns = Math.max(8, how.width - how.titles - VALUE_WIDTH - partsWidth - 4);
  const view = panelView(panel, samples, how, columnsOf(columns, 1, glyphs.ascii));
  const [area] = plot(view.values, view.max, 1, glyphs.ascii);
  return [
    piece(` ${padEnd(cut(clean(view.title, glyphs), how.titles, glyphs), how.titles)} `, "bold"),
    piece(area, colourOf(view)),
    piece(padStart(valueText(view.now, view, glyphs), VALUE_WIDTH), "bold"),
    piece(`  ${cut(partsText(view, partsWidth, glyphs), partsWidth, glyphs)}`, "dim"),
  ];
}

/** A line of title and values above the area. */
function highChart(
  panel: Panel,
  { samples }: TopModel,
  { rows, ...how }: How & { readonly rows: number },
  glyphs: Glyphs,
): Line[] {
  const width = how.width - 1;
  const view = panelView(panel, samples, how, columnsOf(width, rows, glyphs.ascii));
  const title = clean(view.title, glyphs);
  const now = valueText(view.now, view, glyphs);
  const scale = isShare(view.unit) ? "" : `max ${valueText(view.max, view, glyphs)} `;
  const room = how.width - widthOf(title) - widthOf(now) - widthOf(scale) - 7;
  const left = [
    piece(` ${title}  `, "bold"),
    piece(now, colourOf(view)),
    piece(`   ${partsText(view, room, glyphs)}`, "dim"),
  ];
  const head = spread(left, [piece(scale, "dim")], how.width, glyphs);
  return [
    head,
    ...plot(view.values, view.max, rows, glyphs.ascii).map((area) => [
      piece(` ${area}`, colourOf(view)),
    ]),
  ].map((line) => fitted(line, how.width, glyphs));
}

function valueText(value: number, { unit }: PanelView, glyphs: Glyphs): string {
  return Number.isNaN(value) ? "-" : clean(quantity(value, unit), glyphs);
}

/** As many as fit, the rest as a mark. */
function partsText(view: PanelView, width: number, glyphs: Glyphs): string {
  const { parts, unit } = view;
  if (parts.length === 0) return "no values";
  const texts = parts.filter(({ now }, at) => at === 0 || now > 0 || !isShare(unit)).map(
    ({ label, now }) => `${clean(label, glyphs)} ${shortText(now, view, glyphs)}`,
  );
  let text = texts[0];
  for (const next of texts.slice(1)) {
    const longer = `${text}  ${next}`;
    if (widthOf(longer) > width) break;
    text = longer;
  }
  return text;
}

/** Without the sign that the value before them has. */
function shortText(value: number, view: PanelView, glyphs: Glyphs): string {
  const text = valueText(value, view, glyphs);
  return isShare(view.unit) ? text.replace(/ %$/, "") : text;
}

function isShare(unit: string): boolean {
  return unit === "percent" || unit === "%";
}

/** Where the whole is known, a chart says when it is nearly full. */
function colourOf({ load }: PanelView): "red" | "yellow" | "green" | "cyan" {
  if (Number.isNaN(load)) return "cyan";
  return load >= 0.9 ? "red" : load >= 0.7 ? "yellow" : "green";
}
