/** Suites that need something that may not be there. */

import { describe, it } from "node:test";

/**
 * `missing` says what is not there, or is false. A suite that is left out counts as one skipped test:
 * with `describe`'s own option some runners would not count it at all, and nobody would know.
 */
export function describeWith(name: string, missing: string | false, body: () => void): void {
  if (missing === false) describe(name, body);
  else describe(name, () => it(`is left out: ${missing}`, { skip: true }, () => {}));
}
