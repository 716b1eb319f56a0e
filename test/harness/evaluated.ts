/** Programs of one test, in a process of the runtime that runs it. */

import { equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";

const isBun = process.versions.bun !== undefined;

/** What a program says, in a process of its own, which has nothing to complain of. */
export function evaluated(program: string, env: Record<string, string>): string {
  const { stdout, stderr } = spawnSync(process.execPath, [isBun ? "-e" : "eval", program], {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  equal(stderr, "");
  return stdout;
}
