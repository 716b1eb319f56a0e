/** Comments that are hard to read: a header that is too long, and words that CONTRIBUTING.md replaces. */

const MAX_HEADER_LINES = 4;
const COMMENT = /\/\*\*?[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/gm;
/** A pattern, and what to write in its place. */
const WORDS: readonly (readonly [pattern: RegExp, better: string])[] = [
  [/(?<![Tt]here )\bis no\b(?! (?:longer|more)\b)/, "is not a"],
  [/(?<![Tt]here )\bare no\b(?! (?:longer|more)\b)/, "are not"],
  [/\bnobody\b/i, "no one, nothing, or the subject itself"],
  [/\banew\b/, "again"],
  [/\bdear(?:er|est)?\b/, "expensive"],
  [/\b(?:tells|told)\b/, "reports, logs, shows"],
  [/\bbooks\b/, "ledger, accounting"],
  [/\bprocessor time\b/, "CPU time"],
  [/\blately\b/, "recently"],
  [/\bMOST_\w+/, "MAX_…"],
];

/** The faults of a source's comments, each with its line. */
export function hardToRead(path: string, text: string): string[] {
  const problems: string[] = [];
  const [header = ""] = /^\/\*\*[\s\S]*?\*\//.exec(text) ?? [];
  const lines = header.split("\n").length - 2;
  if (lines > MAX_HEADER_LINES) {
    problems.push(`${path}:1: a header of ${lines} lines; it has at most ${MAX_HEADER_LINES}`);
  }
  for (const { 0: comment, index } of text.matchAll(COMMENT)) {
    for (const [pattern, better] of WORDS) {
      const found = pattern.exec(comment);
      if (found === null) continue;
      const line = text.slice(0, index + found.index).split("\n").length;
      problems.push(`${path}:${line}: "${found[0]}" in a comment: write ${better}`);
    }
  }
  return problems;
}
