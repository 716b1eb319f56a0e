/** Lines as a terminal takes them. */

import type { Line, Style } from "../../view/top/text.ts";

const CODES: Readonly<Record<Style, string>> = {
  plain: "",
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  cyan: "36",
  chosen: "7",
};

export function painted(line: Line, colours: boolean): string {
  return line.map(({ text, style }) => {
    const code = colours ? CODES[style] : "";
    return code === "" ? text : `\x1b[${code}m${text}\x1b[0m`;
  }).join("");
}

/** Draws what differs from the screen before. */
export class Painter {
  #drawn: readonly string[] = [];
  readonly #colours: boolean;

  constructor(colours: boolean) {
    this.#colours = colours;
  }

  /** All of it is to be drawn next. */
  forget(): void {
    this.#drawn = [];
  }

  draw(lines: readonly Line[]): string {
    const next = lines.map((line) => painted(line, this.#colours));
    const isNew = this.#drawn.length !== next.length;
    const changes = next.flatMap((line, row) =>
      !isNew && line === this.#drawn[row] ? [] : [`\x1b[${row + 1};1H${line}`]
    );
    this.#drawn = next;
    return `${isNew ? "\x1b[2J" : ""}${changes.join("")}`;
  }
}
