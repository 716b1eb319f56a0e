/** The lines of stdin. */

import process from "node:process";

/** Takes each line as it comes. Resolves when stdin ends. */
export function stdinLines(take: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", (chunk: string) => {
      const lines = (text + chunk).split("\n");
      text = lines.pop()!;
      for (const line of lines) take(line);
    });
    process.stdin.on("end", resolve);
    process.stdin.on("error", () => resolve());
  });
}
