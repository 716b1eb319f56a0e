/** Each fault test in a short form; `npm run long -- NAME` has the long ones. */

import { equal } from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { it } from "node:test";
import { endWithTests, noExecutable } from "../harness/agent_process.ts";
import { noCarbon } from "../harness/carbon.ts";
import { describeWith } from "../harness/describe_with.ts";

/** Those of one group run at the same time: they mostly wait. */
const groups = [
  [
    ["kill", "--kills", "5", "--stops", "6"],
    ["disk", "--damages", "15"],
    ["hung_mount", "--seconds", "12"],
    ["hung_files", "--seconds", "10"],
    ["isolation", "--seconds", "30"],
    ["carbon", "--seconds", "20", "--restarts", "2"],
  ],
  [["outage", "--ticks", "1000"], ["replay", "--lines", "400000"]],
];
const forRoot = process.getuid?.() === 0 && existsSync("/dev/fuse")
  ? false
  : "needs root, to mount file systems";

function run([name, ...args]: string[]): Promise<{ code: number | null; output: string }> {
  const script = join(import.meta.dirname!, `${name}.ts`);
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  endWithTests(child);
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

describeWith("the promises hold", noExecutable || noCarbon || forRoot, () => {
  for (const group of groups) {
    it(group.map(([name]) => name).join(", "), async () => {
      for (const { code, output } of await Promise.all(group.map(run))) equal(code, 0, output);
    });
  }
});
