/** Lines of a text that comes in parts. */

/**
 * Returns a function that takes the next part, and returns the lines that end in it. A line is cut after
 * `maxLength` characters.
 */
export function lineSplitter(maxLength = Infinity): (part: string) => string[] {
  let rest = "";
  return (part) => {
    const lines = (rest + part).split("\n").map((line) => line.slice(0, maxLength));
    rest = lines.pop()!;
    return lines;
  };
}
