/** Nagios' performance data: `'label'=value[unit];warn;crit;min;max …`. Source: https://nagios-plugins.org/doc/guidelines.html#AEN197 */

/** Units as seconds and bytes; `c`, `%` and none stay. */
const UNITS: Readonly<Record<string, readonly [factor: number, unit: string]>> = {
  "": [1, ""],
  "%": [1, "percent"],
  c: [1, ""],
  s: [1, "s"],
  ms: [1e-3, "s"],
  us: [1e-6, "s"],
  b: [1, "byte"],
  kb: [1024, "byte"],
  mb: [1024 ** 2, "byte"],
  gb: [1024 ** 3, "byte"],
  tb: [1024 ** 4, "byte"],
};
/** Each piece between blanks, which quoted labels may have, is searched alone: the time is that of its square. */
const PIECE = /(?:'(?:[^']|'')*'?|[^\s'])+/g;
const MAX_PIECE = 512;
const ITEM = /(?:'((?:[^']|'')+)'|([^\s='|]+))=(-?[\d.]+|U)([a-zA-Z%]*)(?:;[^\s]*)?/g;

interface PerfdataItem {
  /** As it stands. */
  readonly item: string;
  readonly label: string;
  readonly isQuoted: boolean;
  /** U: the plugin does not know it. */
  readonly written: string;
  /** To seconds or bytes; undefined for a unit that is not Nagios'. */
  readonly factor: number | undefined;
  /** After that: `s`, `byte`, `percent`, or none. */
  readonly unit: string;
}

export function* perfdataIn(text: string): Generator<PerfdataItem> {
  for (const [piece] of text.matchAll(PIECE)) {
    if (piece.length > MAX_PIECE) continue;
    for (const [item, quoted, plain, written, given] of piece.matchAll(ITEM)) {
      const label = quoted?.replaceAll("''", "'") ?? plain;
      const [factor, unit = ""] = UNITS[given.toLowerCase()] ?? [];
      yield { item, label, isQuoted: quoted !== undefined, written, factor, unit };
    }
  }
}
