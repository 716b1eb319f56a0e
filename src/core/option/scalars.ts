/** Options of one value: switches, numbers, sizes, times, texts, secrets, choices. */

import { isNumber } from "../cursor.ts";
import { type Option, quoted, refuse, scalar, unreadable } from "./option.ts";

const TRUE = new Set(["true", "t", "yes", "y", "on", "1"]);
const FALSE = new Set(["false", "f", "no", "n", "off", "0", ""]);

/** Whether a word means yes, where anything else means no. */
export function isTrue(word: string): boolean {
  return TRUE.has(word.trim().toLowerCase());
}

/** Whether a word means no, where anything else means yes. */
export function isFalse(word: string): boolean {
  return FALSE.has(word.trim().toLowerCase());
}

/** A switch; all of Diamond's words, and `on off 1 0`. */
export function bool(fallback: boolean, help: string): Option<boolean> {
  return {
    type: "bool",
    fallback,
    help,
    allowed: "True or False",
    secret: false,
    parse(raw) {
      const word = scalar(raw, "a bool");
      if (isTrue(word)) return true;
      if (isFalse(word)) return false;
      throw unreadable(raw, "a bool");
    },
    format: (value) => (value ? "True" : "False"),
    made: ["bool", fallback, help],
  };
}

export interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** A number, whole or not. */
export function number(fallback: number, help: string, range: Range = {}): Option<number> {
  return numeric("number", fallback, help, range, isNumber);
}

/** A whole number. */
export function integer(fallback: number, help: string, range: Range = {}): Option<number> {
  return numeric("integer", fallback, help, range, (text) => /^[+-]?\d+$/.test(text));
}

function numeric(
  type: string,
  fallback: number,
  help: string,
  range: Range,
  isForm: (text: string) => boolean,
): Option<number> {
  const { min, max } = range;
  return {
    type,
    fallback,
    help,
    get allowed() {
      return bounds(range);
    },
    secret: false,
    parse(raw) {
      const what = type === "integer" ? "a whole number" : "a number";
      const text = scalar(raw, what).trim();
      const value = Number(text);
      if (!isForm(text) || !Number.isFinite(value)) throw unreadable(raw, what);
      if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
        throw refuse(`${text} is out of range: ${bounds(range)}`);
      }
      return value;
    },
    format: String,
    made: [type, fallback, help, range],
  };
}

/** Not before somebody asks: the first fraction that becomes a text costs the runtime a table of 96 KB. */
function bounds({ min, max }: Range): string | undefined {
  const parts = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}

const SIZES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/** Bytes: a number, or one with KB, MB, GB, TB, which are powers of 1024. */
export function size(fallback: number, help: string, range: Range = {}): Option<number> {
  return scaled("size", "a size such as 256 MB", /^([\d.]+)\s*([bkmgt]?)i?b?$/i, SIZES, {
    fallback,
    help,
    range,
  });
}

const TIMES: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds: a number, or one with s, m, h, d. */
export function duration(fallback: number, help: string, range: Range = {}): Option<number> {
  return scaled("duration", "a time such as 7 d", /^([\d.]+)\s*([smhd]?)$/i, TIMES, {
    fallback,
    help,
    range,
  });
}

function scaled(
  type: string,
  what: string,
  form: RegExp,
  factors: Readonly<Record<string, number>>,
  { fallback, help, range }: { fallback: number; help: string; range: Range },
): Option<number> {
  const { min = 0 } = range;
  return {
    type,
    fallback,
    help,
    allowed: what,
    secret: false,
    parse(raw) {
      const [, digits, unit] = form.exec(scalar(raw, what).trim()) ?? [];
      if (digits === undefined || !isNumber(digits)) throw unreadable(raw, what);
      const value = Number(digits) * factors[unit.toLowerCase()];
      if (value < min) throw refuse(`${value} is out of range: at least ${min}`);
      return value;
    },
    format(value) {
      const fits = Object.entries(factors).filter(([unit, factor]) =>
        unit !== "" && value > 0 && value % factor === 0
      );
      const [unit, factor] = fits.sort(([, a], [, b]) => b - a)[0] ?? ["", 1];
      if (factor === 1) return String(value);
      return `${value / factor} ${factors === SIZES ? `${unit.toUpperCase()}B` : unit}`;
    },
    made: [type, fallback, help, range],
  };
}

/** A text, as it stands. A list is joined again: the operator's text had a comma. */
export function text(fallback: string, help: string): Option<string> {
  return {
    type: "text",
    fallback,
    help,
    secret: false,
    parse: (raw) => (Array.isArray(raw) ? raw.join(", ") : scalar(raw, "a text")),
    format: quoted,
    made: ["text", fallback, help],
  };
}

/** An option without which nothing works. */
export function needed<T>(option: Option<T>): Option<T> {
  return { ...option, needed: true, help: `${option.help}; needed` };
}

/** A password, token or the like: a text that is never printed, or `file:/path` to read it from. */
export function secret(fallback: string, help: string): Option<string> {
  return {
    ...text(fallback, help),
    type: "secret",
    secret: true,
    allowed: "a text, or file:/path to read it from",
    made: ["secret", fallback, help],
  };
}

/** One of some words, without regard to case. */
export function choice<const W extends string>(
  fallback: W,
  words: readonly W[],
  help: string,
): Option<W> {
  return {
    type: "choice",
    fallback,
    help,
    allowed: words.filter((word) => word !== "").join(", "),
    secret: false,
    parse(raw) {
      const word = scalar(raw, "a word").trim().toLowerCase();
      const found = words.find((candidate) => candidate.toLowerCase() === word);
      if (found === undefined) {
        throw refuse(`"${word}" is none of ${words.filter((w) => w !== "").join(", ")}`);
      }
      return found;
    },
    format: (value) => value,
    made: ["choice", fallback, words, help],
  };
}
