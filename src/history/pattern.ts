/**
 * Graphite's patterns for paths: `*`, `?` and `[a-z]` within a node, `{one,two}` anywhere.
 * Source: https://graphite.readthedocs.io/en/latest/render_api.html#paths-and-wildcards
 */

import { alternatives, compileGlob, isGlob, type Matcher } from "../core/glob.ts";

/** Throws a RangeError where a pattern is too large to be meant. */
export function compilePattern(pattern: string): Matcher {
  const globs = alternatives(pattern).map((glob) => glob.split(".").map(compileGlob));
  return (path) => {
    const nodes = path.split(".");
    return globs.some((glob) =>
      glob.length === nodes.length && glob.every((matches, at) => matches(nodes[at]))
    );
  };
}

export const isPattern = isGlob;
