/** The lines of stdin. */

import process from "node:process";
import { lineSplitter } from "./lines.ts";

/** Takes each line as it comes. Resolves when stdin ends. */
export function stdinLines(take: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    const linesOf = lineSplitter();
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", (chunk: string) => {
      for (const line of linesOf(chunk)) take(line);
    });
    process.stdin.on("end", resolve);
    process.stdin.on("error", () => resolve());
  });
}
