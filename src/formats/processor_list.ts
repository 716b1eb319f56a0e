/**
 * Lists of processors such as `0-3,6`.
 * Source: https://www.kernel.org/doc/html/latest/admin-guide/cputopology.html
 */

/** How many are in the list; undefined where it is none. */
export function processorsIn(list: string): number | undefined {
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(list)) return undefined;
  return list.split(",").reduce((sum, range) => {
    const [first, last = first] = range.split("-").map(Number);
    return sum + last - first + 1;
  }, 0);
}
