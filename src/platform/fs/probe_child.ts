/**
 * The other side of a probe: a process whose only work is to ask file systems, and to hang with them.
 * A request is a line of a question and a path, as JSON; the answer is a line of JSON.
 */

import { readdirSync, statSync, writeSync } from "node:fs";
import { messageOf } from "../../core/errors.ts";
import { stdinLines } from "../runtime/stdin_lines.ts";
import { readSmall } from "./small_file.ts";
import { statvfs } from "./statvfs.ts";
import { treeOf } from "./tree.ts";

/** The only argument of such a process. */
export const PROBE_WORD = "__probe";

/** By the question's word. */
const QUESTIONS = {
  statvfs: (path: string): unknown => ({ ...statvfs(path) }),
  device: (path: string): unknown => statSync(path).dev,
  tree: (path: string): unknown => treeOf(path),
  read: (path: string): unknown => readSmall(path),
  list: (path: string): unknown => readdirSync(path),
};
export type Question = keyof typeof QUESTIONS;

export type ProbeAnswer = { readonly value: unknown } | { readonly error: string };

/** Serves until stdin ends. */
export function serveProbes(): Promise<void> {
  return stdinLines((line) => writeSync(1, `${JSON.stringify(answer(line))}\n`));
}

function answer(line: string): ProbeAnswer {
  const what = line.slice(0, line.indexOf(" ")) as Question;
  try {
    return { value: QUESTIONS[what](JSON.parse(line.slice(what.length + 1))) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}
