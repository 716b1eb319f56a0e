/**
 * The gate: everything that must hold before a commit, in one command, `npm test`. Ends with the line
 * `N passed, N failed, N skipped`. With CI=true it installs the servers that tests need, and a skipped
 * test is a failure.
 */

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { bun, deno, ensurePackages, root, tsc } from "./tools.mjs";

const ci = process.env.CI === "true";
const only = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };

ensurePackages();
if (ci) await step("services", "sh", ["test/services/install"]);
await step("format", deno(), ["fmt", "--check"]);
await step("lint", deno(), ["lint"]);
await step("rooms", bun(), ["build/lint.ts"]);
await step("types", process.execPath, [tsc(), "-p", "."]);
await step("pure types", process.execPath, [tsc(), "-p", "build/pure"]);
await step("generated files", bun(), ["build/gen.ts", "--check"]);
await step("build", bun(), ["build/compile.ts", "--host", "--no-compress"]);
if (ci) {
  await step("build for arm64", bun(), [
    "build/compile.ts",
    "--target",
    "linux-arm64",
    "--no-compress",
  ]);
}
await step(
  "tests under Bun",
  bun(),
  ["test", "--timeout", "180000", ...testPaths("test")],
  countBun,
);
await step("tests under Deno", deno(), [
  "test",
  "-A",
  "--no-check",
  "--parallel",
  ...testPaths("test/unit", "test/collectors"),
], countDeno);
await conformance();

if (ci && total.skipped > 0) {
  console.log(
    `\n${total.skipped} skipped: CI has everything that a test needs, so nothing may be skipped there`,
  );
  total.failed += total.skipped;
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);

function testPaths(...all) {
  return only.length > 0 ? only : all;
}

/** Runs a command; `count` reads the results from its output, without it the command itself counts as one. */
async function step(name, program, args, count) {
  const started = Date.now();
  const { status, output } = await run(program, args, count !== undefined);
  const counted = count?.(output);
  if (counted !== undefined) { for (const key of Object.keys(total)) total[key] += counted[key]; }
  const failed = status !== 0 || (counted !== undefined && counted.passed === 0);
  if (counted === undefined) total[failed ? "failed" : "passed"]++;
  else if (failed && counted.failed === 0) total.failed++;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(
    `${failed ? "FAILED" : "ok    "} ${name} (${seconds} s)${
      counted === undefined ? "" : `: ${JSON.stringify(counted)}`
    }`,
  );
  if (failed && count === undefined) console.log(output);
}

function run(program, args, show) {
  return new Promise((done) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const take = (chunk) => {
      output += chunk;
      if (show) process.stdout.write(chunk);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => done({ status: 1, output: String(error) }));
    child.on("close", (status) => done({ status, output }));
  });
}

function last(output, pattern) {
  const found = [...output.matchAll(pattern)].at(-1);
  return found === undefined ? 0 : Number(found[1]);
}

function countBun(output) {
  return {
    passed: last(output, /^\s*(\d+) pass$/gm),
    failed: last(output, /^\s*(\d+) fail$/gm),
    skipped: last(output, /^\s*(\d+) skip$/gm),
  };
}

function countDeno(output) {
  return {
    passed: last(output, /\| (\d+) passed/g),
    failed: last(output, /\| (\d+) failed/g),
    skipped: last(output, /\| (\d+) ignored/g),
  };
}

/** The black-box suite, where somebody has put it beside the project. */
async function conformance() {
  const suite = resolve(root, process.env.DIAMOND_CONFORMANCE ?? "../shared/conformance");
  if (only.length > 0 || !existsSync(join(suite, "run.mjs"))) return;
  const listed = spawnSync(bun(), ["src/main.ts", "list", "--json"], {
    cwd: root,
    encoding: "utf8",
  });
  const names = JSON.parse(listed.stdout).collectors.map(({ name }) => name).join(",");
  const executable = join(root, "build/out", `diamond-agent-${process.platform}-${process.arch}`);
  const agents = [["executable", executable], ["Bun", `${bun()} ${root}/src/main.ts`], [
    "Deno",
    `${deno()} run -A ${root}/src/main.ts`,
  ]];
  const count = (output) => ({
    passed: last(output, /^(\d+) passed/gm),
    failed: last(output, /(\d+) failed/gm),
    // Its slow cases take minutes each; they are left out on purpose, not for want of anything.
    skipped: 0,
  });
  for (const [name, agent] of agents) {
    await step(`conformance, ${name}`, process.execPath, [
      join(suite, "run.mjs"),
      "--agent",
      agent,
      "--strict",
      "--only",
      names,
    ], count);
  }
  await step("configuration cases", process.execPath, [
    join(suite, "configobj.mjs"),
    "--agent",
    executable,
  ], count);
}
