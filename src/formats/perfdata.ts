/** Nagios' performance data: `'label'=value[unit];warn;crit;min;max …`. Source: https://nagios-plugins.org/doc/guidelines.html#AEN197 */

/** Units as seconds and bytes; `c`, `%` and none stay. */
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  "%": 1,
  c: 1,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  b: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
  tb: 1024 ** 4,
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
}

export function* perfdataIn(text: string): Generator<PerfdataItem> {
  for (const [piece] of text.matchAll(PIECE)) {
    if (piece.length > MAX_PIECE) continue;
    for (const [item, quoted, plain, written, unit] of piece.matchAll(ITEM)) {
      const label = quoted?.replaceAll("''", "'") ?? plain;
      const factor = UNITS[unit.toLowerCase()];
      yield { item, label, isQuoted: quoted !== undefined, written, factor };
    }
  }
}
