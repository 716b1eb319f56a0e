/** Problems of a configuration, on a terminal. */

import { formatProblem, type Problem } from "../config/problems.ts";
import { paint } from "./text.ts";
import type { Terminal } from "./world.ts";

export function tellProblems(terminal: Terminal, problems: readonly Problem[]): void {
  for (const problem of problems) {
    const line = formatProblem(problem);
    terminal.write(`${paint(terminal, problem.severity === "error" ? "red" : "yellow", line)}\n`);
  }
}
