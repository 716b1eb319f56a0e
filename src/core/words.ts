/** Tables of words, written as a text: many to a line, where an array would take a line for each. */

export function wordsOf(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** Parses `a=b c=d` as a map from a to b. A word without `=` maps to itself. */
export function pairsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    wordsOf(text).map((pair) => {
      const [from, to = from] = pair.split("=");
      return [from, to];
    }),
  );
}
