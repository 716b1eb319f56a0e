/** Areas of values in cells: braille where there are several rows, blocks in one row, ASCII where there is no more. */

const BLOCKS = " ▁▂▃▄▅▆▇█";
const SHADES = " .:-=+*#%@";
/** Bits of a braille cell from the bottom up, left and right column. Source: https://www.unicode.org/charts/PDF/U2800.pdf */
const DOTS = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]] as const;
const BRAILLE = 0x2800;
/** Parts of a cell that differ in height. */
const EIGHTHS = 8;
const QUARTERS = 4;

/** How many values a row of so many cells shows. */
export function columnsOf(width: number, rows: number, ascii: boolean): number {
  return rows > 1 && !ascii ? 2 * width : width;
}

/** `values` from 0 to `max`, NaN where there is none; as many as `columnsOf` says. Rows from the top. */
export function plot(
  values: readonly number[],
  max: number,
  rows: number,
  ascii: boolean,
): string[] {
  const parts = values.map((value) => {
    if (Number.isNaN(value)) return NaN;
    return max > 0 ? Math.min(1, Math.max(0, value / max)) : 0;
  });
  if (ascii) return rows === 1 ? [parts.map(shade).join("")] : bars(parts, rows);
  return rows === 1 ? [parts.map(block).join("")] : braille(parts, rows);
}

/** A value above 0 is never shown as none, and one that is none leaves its cell empty. */
function block(part: number): string {
  return Number.isNaN(part) ? " " : BLOCKS[Math.max(1, Math.round(part * EIGHTHS))];
}

function shade(part: number): string {
  const most = SHADES.length - 1;
  return Number.isNaN(part) ? " " : SHADES[Math.max(1, Math.round(part * most))];
}

/** `#` for a full cell, `.` for a part of one. */
function bars(parts: readonly number[], rows: number): string[] {
  return Array.from({ length: rows }, (_, row) => {
    const below = rows - 1 - row;
    return parts.map((part) => {
      const height = part * rows - below;
      if (Number.isNaN(part) || height < 0) return " ";
      if (height >= 0.75) return "#";
      return below === 0 || height >= 0.25 ? "." : " ";
    }).join("");
  });
}

function braille(parts: readonly number[], rows: number): string[] {
  const levels = rows * QUARTERS;
  const heights = parts.map((part) =>
    Number.isNaN(part) ? 0 : Math.max(1, Math.round(part * levels))
  );
  return Array.from({ length: rows }, (_, row) => {
    const base = (rows - 1 - row) * QUARTERS;
    let line = "";
    for (let at = 0; at < heights.length; at += 2) {
      let bits = 0;
      for (const side of [0, 1]) {
        const dots = Math.min(QUARTERS, Math.max(0, (heights[at + side] ?? 0) - base));
        for (let dot = 0; dot < dots; dot++) bits |= DOTS[side][dot];
      }
      line += bits === 0 ? " " : String.fromCharCode(BRAILLE + bits);
    }
    return line;
  });
}
