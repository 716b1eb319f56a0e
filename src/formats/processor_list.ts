/**
 * Lists of processors such as `0-3,6`.
 * Source: https://www.kernel.org/doc/html/latest/admin-guide/cputopology.html
 */

/** Of a processor; no kernel counts as far. */
const MAX_NUMBER = 1_000_000;

/** How many are in the list; undefined where it is none. */
export function processorsIn(list: string): number | undefined {
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(list)) return undefined;
  let sum = 0;
  for (const range of list.split(",")) {
    const [first, last = first] = range.split("-").map(Number);
    if (last < first || last > MAX_NUMBER) return undefined;
    sum += last - first + 1;
  }
  return sum;
}
