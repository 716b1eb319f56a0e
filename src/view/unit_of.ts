/** The unit of a series: the declared one; of a plugin's, and of the past, the one that its name has. */

const BITS_OR_BYTES = "([a-z]*(?:bit|byte))";
const NAMES: readonly (readonly [pattern: RegExp, unit: string])[] = [
  [new RegExp(`(?:^|_)${BITS_OR_BYTES}_per_second$`), "$1/s"],
  [new RegExp(`^[rt]x_${BITS_OR_BYTES}$`), "$1/s"],
  [new RegExp(`^${BITS_OR_BYTES}_(?:used|free|avail)$`), "$1"],
  [/^.*percent(?:free|age)?$/i, "percent"],
];

export function unitOf(path: string, unit = ""): string {
  if (unit !== "") return unit;
  const name = path.slice(path.lastIndexOf(".") + 1);
  for (const [pattern, found] of NAMES) {
    const match = pattern.exec(name);
    if (match !== null) return found.replace("$1", match[1]);
  }
  return "";
}
