/**
 * The other side of a probe: a process whose only work is to ask file systems, and to hang with them.
 * A request is a line `statvfs PATH` or `device PATH`, the path as JSON; the answer is a line of JSON.
 */

import { statSync, writeSync } from "node:fs";
import { messageOf } from "../../core/errors.ts";
import { stdinLines } from "../runtime/stdin_lines.ts";
import { statvfs } from "./statvfs.ts";

/** The only argument of such a process. */
export const PROBE_WORD = "__probe";

export type ProbeAnswer = { readonly value: unknown } | { readonly error: string };

/** Serves until stdin ends. */
export function serveProbes(): Promise<void> {
  return stdinLines((line) => writeSync(1, `${JSON.stringify(answer(line))}\n`));
}

function answer(line: string): ProbeAnswer {
  const [what, path] = [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)];
  try {
    const real = JSON.parse(path) as string;
    return { value: what === "statvfs" ? { ...statvfs(real) } : statSync(real).dev };
  } catch (error) {
    return { error: messageOf(error) };
  }
}
