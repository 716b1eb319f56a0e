/** What people type to find a series: words that its path contains, or patterns of the path as a whole. */

import { alternatives, compileGlob, isGlob, type Matcher } from "./glob.ts";

/**
 * All of the words, which blanks part, in any order and case. One with `*`, `?`, `[a-z]` or `{one,two}` is a pattern
 * of the path as a whole, whose `*` takes dots as well. Throws a RangeError where it is too large to be meant.
 */
export function compileSearch(text: string): Matcher {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "").map(wordMatcher);
  return (path) => {
    const lower = path.toLowerCase();
    return words.every((matches) => matches(lower));
  };
}

function wordMatcher(word: string): Matcher {
  if (!isGlob(word)) return (text) => text.includes(word);
  const globs = alternatives(word).map(compileGlob);
  return (text) => globs.some((matches) => matches(text));
}
