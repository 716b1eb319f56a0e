/** Lines of a screen: pieces of text with a style each, cut and filled to the cell. */

import { oneLine } from "../../core/visible.ts";

export type Style = "plain" | "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "chosen";

interface Piece {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Piece[];

export function piece(text: string, style: Style = "plain"): Piece {
  return { text, style };
}

/** What a screen can show. */
export interface Glyphs {
  readonly ascii: boolean;
  readonly rule: string;
  readonly dot: string;
  readonly ellipsis: string;
  readonly up: string;
  readonly down: string;
  readonly well: string;
  readonly ill: string;
}

const UNICODE: Glyphs = {
  ascii: false,
  rule: "─",
  dot: "·",
  ellipsis: "…",
  up: "▲",
  down: "▼",
  well: "●",
  ill: "▲",
};

const ASCII: Glyphs = {
  ascii: true,
  rule: "-",
  dot: "-",
  ellipsis: "~",
  up: "^",
  down: "v",
  well: "*",
  ill: "!",
};

export function glyphsFor(ascii: boolean): Glyphs {
  return ascii ? ASCII : UNICODE;
}

/** Cells that a character takes: two for East Asian wide ones and emoji, none for what combines with the one before. */
function cellsOf(code: number): number {
  if (code < 0x300) return 1;
  if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(String.fromCodePoint(code))) return 0;
  const isWide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return isWide ? 2 : 1;
}

export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += cellsOf(char.codePointAt(0)!);
  return width;
}

/** As it may be shown: in one line, without characters that a terminal acts on; in ASCII where it has to be. */
export function clean(text: string, { ascii }: Glyphs): string {
  const line = oneLine(text).replaceAll("\t", " ");
  return ascii ? line.replace(/[^\x20-\x7e]/gu, (char) => REPLACED[char] ?? "?") : line;
}

const REPLACED: Readonly<Record<string, string>> = { "µ": "u", "…": "~", "–": "-", "·": "-" };

/** The beginning of a text that fits, with a mark where there was more. */
export function cut(text: string, width: number, { ellipsis }: Glyphs): string {
  if (widthOf(text) <= width) return text;
  return width < 1 ? "" : `${upTo(text, width - 1)}${ellipsis}`;
}

/** The end of a text that fits: of a path it says more than the beginning. */
export function cutFront(text: string, width: number, { ellipsis }: Glyphs): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return "";
  const chars = [...text];
  let left = widthOf(text);
  let at = 0;
  while (left > width - 1) left -= cellsOf(chars[at++].codePointAt(0)!);
  return ellipsis + chars.slice(at).join("");
}

function upTo(text: string, width: number): string {
  let left = width;
  let end = 0;
  for (const char of text) {
    left -= cellsOf(char.codePointAt(0)!);
    if (left < 0) break;
    end += char.length;
  }
  return text.slice(0, end);
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** A line of exactly so many cells. */
export function fitted(line: Line, width: number, glyphs: Glyphs): Line {
  const pieces: Piece[] = [];
  let left = width;
  for (const { text, style } of line) {
    if (left <= 0) break;
    const part = cut(text, left, glyphs);
    left -= widthOf(part);
    pieces.push({ text: part, style });
  }
  if (left > 0) {
    pieces.push(piece(" ".repeat(left), pieces.at(-1)?.style === "chosen" ? "chosen" : "plain"));
  }
  return pieces;
}

/** `left`, and `right` at the end of the line; `left` is cut where there is no room for both. */
export function spread(left: Line, right: Line, width: number, glyphs: Glyphs): Line {
  const room = width - lineWidth(right);
  return room <= 0 ? fitted(right, width, glyphs) : [...fitted(left, room, glyphs), ...right];
}

export function textOf(line: Line): string {
  return line.map(({ text }) => text).join("");
}
