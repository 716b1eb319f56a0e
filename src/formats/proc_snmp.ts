/**
 * /proc/net/snmp and /proc/net/netstat: pairs of lines, names above values.
 * Source: https://www.kernel.org/doc/html/latest/networking/snmp_counter.html
 */

import type { Cursor } from "../core/cursor.ts";
import { badData } from "../core/errors.ts";

/** The names and values of the first pair whose lines begin with `tag`; none where there is no such pair. */
export function readPairs(lines: Cursor, tag: string): [name: string, value: number | bigint][] {
  while (lines.nextLine()) {
    if (!lines.starts(tag)) continue;
    const names: string[] = [];
    for (lines.skip(); lines.more;) names.push(lines.word());
    if (!lines.nextLine() || !lines.starts(tag)) {
      throw badData(`There are no values below the names of "${tag}" in ${lines.source}`);
    }
    lines.skip();
    return names.map((name) => [name, lines.counterOrNegative()]);
  }
  return [];
}
