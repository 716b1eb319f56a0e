/**
 * Python's regular expressions, as they stand in a `diamond.conf`, in JavaScript's. Most of both
 * languages is the same; what differs is rewritten here, and what cannot be is refused by name.
 */

import { configError } from "./errors.ts";

const UNTRANSLATABLE: readonly (readonly [RegExp, string])[] = [
  [/^\(\?\(/, "a conditional group (?(…)…)"],
  [/^\(\?>/, "an atomic group (?>…)"],
  [/^(?:[*+?]|\{\d*,?\d*\})\+/, "a possessive quantifier"],
];

/** `match` is anchored at the start of the text, as Python's `re.match`; `search` is not. */
export type Anchor = "match" | "search";

/** Translates and compiles. Throws `config` with the pattern and the reason. */
export function pythonRegex(pattern: string, anchor: Anchor): RegExp {
  const { source, flags } = translate(pattern);
  const anchored = anchor === "match" ? `^(?:${source})` : source;
  // Without the flag "m", "^" is the start of the text; with it, anchoring needs a look-behind.
  const start = anchor === "match" && flags.includes("m") ? `(?<![^])(?:${source})` : anchored;
  try {
    return new RegExp(start, flags);
  } catch (error) {
    throw refused(pattern, error instanceof Error ? error.message : String(error));
  }
}

function translate(pattern: string): { source: string; flags: string } {
  let flags = "";
  let verbose = false;
  let rest = pattern;
  const global = /^\(\?([aiLmsux]+)\)/.exec(rest);
  if (global) {
    rest = rest.slice(global[0].length);
    for (const letter of global[1]) {
      if (letter === "i" || letter === "m" || letter === "s") flags += letter;
      if (letter === "x") verbose = true;
    }
  }
  let source = "";
  let inClass = false;
  while (rest !== "") {
    const [taken, written, enters] = nextToken(rest, inClass, verbose, pattern, flags);
    source += written;
    inClass = enters;
    rest = rest.slice(taken);
  }
  return { source, flags };
}

function nextToken(
  rest: string,
  inClass: boolean,
  verbose: boolean,
  pattern: string,
  flags: string,
): [taken: number, written: string, inClass: boolean] {
  if (rest[0] === "\\") {
    const pair = rest.slice(0, 2);
    if (!inClass && pair === "\\A") return [2, "(?<![^])", false];
    if (!inClass && pair === "\\Z") return [2, "(?![^])", false];
    return [Math.max(pair.length, 1), pair, inClass];
  }
  if (inClass) {
    return [1, rest[0], rest[0] !== "]"];
  }
  if (rest[0] === "[") {
    // A bracket right behind the opening one (or behind its "^") is a member of the set.
    const open = /^\[(\^?)(\]?)/.exec(rest)!;
    return [open[0].length, `[${open[1]}${open[2] ? "\\]" : ""}`, true];
  }
  if (verbose && /\s/.test(rest[0])) return [1, "", false];
  if (verbose && rest[0] === "#") return [/^[^\n]*/.exec(rest)![0].length, "", false];
  for (const [form, name] of UNTRANSLATABLE) {
    if (form.test(rest)) throw refused(pattern, `${name} has no counterpart here`);
  }
  const named = /^\(\?P<([A-Za-z_]\w*)>/.exec(rest);
  if (named) return [named[0].length, `(?<${named[1]}>`, false];
  const reference = /^\(\?P=([A-Za-z_]\w*)\)/.exec(rest);
  if (reference) return [reference[0].length, `\\k<${reference[1]}>`, false];
  const comment = /^\(\?#[^)]*\)/.exec(rest);
  if (comment) return [comment[0].length, "", false];
  if (/^\(\?[aiLmsux]+\)/.test(rest)) throw refused(pattern, "flags are allowed at its start only");
  // JavaScript's "." stops at three other characters as well.
  if (rest[0] === "." && !flags.includes("s")) return [1, "[^\\n]", false];
  // Python's "$" also matches before a newline that ends the text.
  if (rest[0] === "$" && !flags.includes("m")) return [1, "(?=\\n?(?![^]))", false];
  return [1, rest[0], false];
}

function refused(pattern: string, why: string): Error {
  return configError(`cannot use "${pattern}" as a regular expression: ${why}`);
}

/** What `re.sub` puts in place of a match, in JavaScript's form: `\1` and `\g<name>` as `$1` and `$<name>`. */
export function pythonReplacement(text: string): string {
  return text.replaceAll("$", "$$$$").replace(
    /\\(?:g<(\w+)>|(\d{1,2}))/g,
    (_, name?: string, number?: string) => {
      const group = number ?? name!;
      return /^\d+$/.test(group) ? `$${group}` : `$<${group}>`;
    },
  );
}
