/**
 * Reads Graphite's lines: `path value timestamp`.
 * Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html
 */

export interface SentPoint {
  readonly path: string;
  readonly value: number;
  /** Seconds since the epoch; undefined: now. */
  readonly time: number | undefined;
}

const LINE =
  /^([^\s\p{Cc}]{1,400})\s+([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(?:\s+(-1|N|\d{1,11}(?:\.\d+)?))?$/iu;

/** Whether a text can be a path: a name with more in it than dots and signs of tags. */
export function isSentPath(text: string): boolean {
  return /^[^\p{Cc}]{1,400}$/u.test(text) && /[^.;\s]/.test(text);
}

/** Undefined where the line cannot be read. */
export function parseSentLine(line: string): SentPoint | undefined {
  const [, path, written, stamp] = LINE.exec(line) ?? [];
  const value = Number(written);
  if (path === undefined || !/[^.;]/.test(path) || !Number.isFinite(value)) return undefined;
  const isNow = stamp === undefined || stamp === "-1" || stamp.toUpperCase() === "N";
  return { path, value, time: isNow ? undefined : Math.floor(Number(stamp)) };
}
