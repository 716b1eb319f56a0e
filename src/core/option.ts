/**
 * Options, declared once: from a declaration come the type, the default, the conversion and
 * validation of what the operator wrote, `describe`, the sample file and the reference page.
 */

import { isNumber } from "./cursor.ts";
import { Failure } from "./errors.ts";
import { type Anchor, pythonRegex } from "./python_regex.ts";
import { byteFactor, byteUnitNames } from "./units.ts";

/** What a configuration file can say of a key: a text, a list of texts, or a section. */
export type Raw = string | readonly string[] | RawSection;
export interface RawSection {
  readonly [key: string]: Raw;
}

export interface Option<T> {
  /** For people: "bool", "number", "list" … */
  readonly type: string;
  readonly fallback: T;
  readonly help: string;
  /** What is allowed, where the type does not say it. */
  readonly allowed?: string;
  /** A secret is masked when printed and may be written as `file:/path`. */
  readonly secret: boolean;
  /** There is no default that could work: an empty value is an error. */
  readonly needed?: boolean;
  /** Throws with a message that quotes the input; the caller adds file, line and key. */
  parse(raw: Raw): T;
  /** The value as it stands in a file; "" where there is none. */
  format(value: T): string;
  /** How it was made, so that another process can make it again: see `optionFrom`. */
  readonly made: readonly [constructor: string, ...args: unknown[]];
}

// deno-lint-ignore no-explicit-any
export type Options = { readonly [name: string]: Option<any> };
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

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

/** A list of texts. One bare text is a list of one; an empty text is an empty list. */
export function list(fallback: readonly string[], help: string): Option<readonly string[]> {
  return {
    type: "list",
    fallback,
    help,
    secret: false,
    parse: (raw) => items(raw),
    format: formatList,
    made: ["list", fallback, help],
  };
}

/** A list of names that may also be separated by blanks. */
export function words(fallback: readonly string[], help: string): Option<readonly string[]> {
  return {
    ...list(fallback, help),
    parse: (raw) =>
      items(raw).flatMap((item) => item.split(/[\s,]+/)).filter((item) => item !== ""),
    made: ["words", fallback, help],
  };
}

/** A list of units such as `byte, megabyte`; separated by commas or blanks. */
export function byteUnits(
  fallback: readonly string[],
  help = "Units of sizes; a list publishes each",
): Option<readonly string[]> {
  return {
    ...words(fallback, help),
    type: "units",
    allowed: byteUnitNames.join(" "),
    parse(raw) {
      const units = items(raw).flatMap((item) => item.split(/[\s,]+/)).filter((item) =>
        item !== ""
      );
      for (const unit of units) byteFactor(unit, "byte");
      return units.length > 0 ? units : fallback;
    },
    made: ["byteUnits", fallback, help],
  };
}

/** Regular expressions in Python's syntax, kept with the text they came from. */
export interface Patterns {
  readonly sources: readonly string[];
  readonly compiled: readonly RegExp[];
}

/** Whether any of the patterns matches. */
export function matchesAny(patterns: Patterns, text: string): boolean {
  return patterns.compiled.some((pattern) => pattern.test(text));
}

/** A regular expression or a list of them, in Python's syntax. */
export function patterns(
  fallback: readonly string[],
  anchor: Anchor,
  help: string,
): Option<Patterns> {
  const compile = (sources: readonly string[]): Patterns => ({
    sources,
    compiled: sources.map((source) => pythonRegex(source, anchor)),
  });
  return {
    type: "patterns",
    fallback: compile(fallback),
    help,
    allowed: "regular expressions in Python's syntax",
    secret: false,
    parse: (raw) => compile(items(raw)),
    format: (value) => formatList(value.sources),
    made: ["patterns", fallback, anchor, help],
  };
}

/** Subsections of the operator's naming, as they stand. */
export function section(help: string): Option<RawSection> {
  return {
    type: "section",
    fallback: {},
    help,
    secret: false,
    parse(raw) {
      if (typeof raw === "string" || Array.isArray(raw)) {
        throw refuse("a section [[[…]]] is needed here, not a value");
      }
      return raw as RawSection;
    },
    format: () => "",
    made: ["section", help],
  };
}

const constructors: Readonly<Record<string, (...args: never[]) => Option<unknown>>> = {
  bool,
  number,
  integer,
  size,
  duration,
  text,
  secret,
  choice,
  list,
  words,
  byteUnits,
  patterns,
  section,
};

/** An option that was made elsewhere, from how it was made there. Throws `config` where that is not known. */
export function optionFrom([constructor, ...args]: Option<unknown>["made"]): Option<unknown> {
  if (!Object.hasOwn(constructors, constructor)) throw refuse(`"${constructor}" makes no option`);
  return constructors[constructor](...args as never[]);
}

function items(raw: Raw): readonly string[] {
  if (Array.isArray(raw)) return raw;
  const one = scalar(raw, "a list");
  return one === "" ? [] : [one];
}

function scalar(raw: Raw, what: string): string {
  if (typeof raw === "string") return raw;
  throw unreadable(raw, what);
}

function unreadable(raw: Raw, what: string): Failure {
  if (typeof raw === "string") return refuse(`cannot read "${raw}" as ${what}`);
  if (Array.isArray(raw)) {
    return refuse(
      `cannot read the list ${
        raw.map((item) => `"${item}"`).join(", ")
      } as ${what}: put quotes around a text with commas`,
    );
  }
  return refuse(`${what} is needed here, not a section`);
}

function refuse(message: string): Failure {
  return new Failure("config", message);
}

/** A scalar as ConfigObj would write it. */
export function quoted(value: string): string {
  if (value === "") return '""';
  if (!/^[\s"']|\s$|[,#\n]/.test(value)) return value;
  if (/\n/.test(value) || (value.includes('"') && value.includes("'"))) return `"""${value}"""`;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}

function formatList(values: readonly string[]): string {
  if (values.length === 0) return ",";
  return values.length === 1 ? `${quoted(values[0])},` : values.map(quoted).join(", ");
}
