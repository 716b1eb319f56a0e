/** Options of several values: lists, names, units, regular expressions. */

import { type Anchor, pythonRegex } from "../python_regex.ts";
import { byteFactor, byteUnitNames } from "../units.ts";
import { type Option, quoted, type Raw, scalar } from "./option.ts";

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
  const base = words(fallback, help);
  return {
    ...base,
    type: "units",
    allowed: byteUnitNames.join(" "),
    parse(raw) {
      const units = base.parse(raw);
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

export function items(raw: Raw): readonly string[] {
  if (Array.isArray(raw)) return raw;
  const one = scalar(raw, "a list");
  return one === "" ? [] : [one];
}

export function formatList(values: readonly string[]): string {
  if (values.length === 0) return ",";
  return values.length === 1 ? `${quoted(values[0])},` : values.map(quoted).join(", ");
}
