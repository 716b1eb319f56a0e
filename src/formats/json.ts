/** JSON of which nothing is known before. */

import { badData } from "../core/errors.ts";

/** Empty lists and objects have two characters and take the memory of many more. */
const MAX_NODES = 500_000;

/** Parses what anybody may have sent. Throws `bad-data` where it has too many lists and objects. */
export function parseSentJson(text: string): unknown {
  let nodes = 0;
  for (const mark of ["[", "{"]) {
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
      if (++nodes > MAX_NODES) throw badData("the JSON has too many lists and objects");
    }
  }
  return JSON.parse(text);
}

/** Parses it. Throws `bad-data` that names the source where it is not JSON. */
// deno-lint-ignore no-explicit-any
export function parseJson<T = any>(text: string, source: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw badData(`${source} does not answer with JSON`, error);
  }
}
