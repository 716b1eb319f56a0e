/** Whoever reads a class wants to know first what it does for others: its public methods stand before its private ones. */

const CLASS = /^(?:export )?class (\w+)/;
const PRIVATE = /^ {2}(?:(?:async|get|static) )*\*?#\w+\(/;
const PUBLIC = /^ {2}(?:(?:async|get) )*\*?([a-z]\w*)\(/;

/** The public methods that stand behind a private one, in a formatted source. */
export function outOfOrder(path: string, text: string): string[] {
  const problems: string[] = [];
  let name: string | undefined;
  let isPrivate = false;
  for (const line of text.split("\n")) {
    const begun = CLASS.exec(line)?.[1];
    if (begun !== undefined) [name, isPrivate] = [begun, false];
    if (line === "}") name = undefined;
    if (name === undefined) continue;
    if (PRIVATE.test(line)) isPrivate = true;
    const method = PUBLIC.exec(line)?.[1];
    if (isPrivate && method !== undefined) {
      problems.push(`${path}: ${name}.${method} is public, and stands behind a private method`);
    }
  }
  return problems;
}
