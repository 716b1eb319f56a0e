/** JSON of which nothing is known before. */

import { badData } from "../core/errors.ts";

/** Parses it. Throws `bad-data` that names the source where it is not JSON. */
// deno-lint-ignore no-explicit-any
export function parseJson<T = any>(text: string, source: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw badData(`${source} does not answer with JSON`, error);
  }
}
