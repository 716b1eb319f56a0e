/**
 * `npm run long -- NAME [ARGUMENTS]`: a test that takes minutes, or a test that tries to break a promise.
 * Without a name it lists them.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { bun, ensurePackages, root } from "./tools.mjs";

const PARTS_OF_FAULTS = ["fault.ts", "proxy.ts", "faults.test.ts"];
const tests = [
  ...readdirSync(join(root, "test/faults")).sort()
    .filter((file) => file.endsWith(".ts") && !PARTS_OF_FAULTS.includes(file))
    .map((file) => `test/faults/${file}`),
  "test/daemons/daemons.ts",
  "test/kernel/kernel.ts",
  "test/listeners/listeners.ts",
  "test/graphite_web/graphite_web.ts",
  "test/package/package.ts",
  "test/page/page.ts",
  "test/targets/targets.ts",
  "test/vm/vm.ts",
  "build/bench/reloads.ts",
];

const [name, ...rest] = process.argv.slice(2);
const test = tests.find((path) => basename(path, ".ts") === name);
ensurePackages();
if (test === undefined) {
  for (const path of tests) console.log(`${basename(path, ".ts")}\n  ${header(path)}\n`);
  if (name !== undefined) console.error(`npm run long: no test is called "${name}"`);
  process.exit(name === undefined ? 0 : 2);
}
const executable = join(root, `build/out/diamond-agent-${process.platform}-${process.arch}`);
if (!existsSync(executable)) {
  spawnSync(bun(), ["build/release/compile.ts", "--host", "--no-compress"], {
    cwd: root,
    stdio: "inherit",
  });
}
const { status } = spawnSync(bun(), [test, ...rest], { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);

/** The comment at the head of a file. */
function header(path) {
  const [, text] = /^\/\*\*[\s*]*([\s\S]*?)\*\//.exec(readFileSync(join(root, path), "utf8"));
  return text.split("\n").map((line) => line.replace(/^ \* ?/, "")).join("\n  ").trim();
}
