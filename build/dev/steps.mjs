/** Steps of the gate and of the loop: commands that are run, counted and reported. */

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bun, deno, root, tsc } from "./tools.mjs";

/** Folders whose tests need neither the executable nor servers. */
export const UNIT_TESTS = [
  ...["delivery", "handlers", "core", "cli", "daemon", "history", "view", "web", "page"],
  ...["platform", "agent", "formats", "collectors", "config", "dev"],
].map((room) => `test/${room}`).filter((path) => existsSync(join(root, path)));

/** How many lines of a failed step are repeated at the end. */
const REPEATED_LINES = 20;

/** The file that waits longest: it runs beside its room. */
const LONGEST = "test/delivery/peers.test.ts";
/** Others that wait: they run with what is quick. */
const LONG = ["test/delivery/kafka.test.ts", "test/delivery/wrong_port.test.ts"];
/** What runs side by side. Most of it waits for deadlines, so there are more than processors. */
export const UNIT_SHARDS = shards([
  ["test/collectors", "test/config"],
  ["test/platform"],
  ["test/delivery", "test/agent"],
]);

/** The given rooms, the longest file, and the rest. */
function shards(rooms) {
  const named = rooms.flat();
  const rest = UNIT_TESTS.filter((path) => !named.includes(path));
  const delivery = readdirSync(join(root, "test/delivery")).map((file) => `test/delivery/${file}`)
    .filter((path) => path.endsWith(".test.ts") && ![LONGEST, ...LONG].includes(path));
  return [
    [LONGEST],
    ...rooms.map((paths) => paths.flatMap((path) => path === "test/delivery" ? delivery : [path])),
    [...rest, ...LONG],
  ];
}

/**
 * `secondTry`: files of tests that failed beside others run once more alone at the end, since a machine that is busy
 * may miss a test's deadline. What passes only then is named.
 */
export function createSteps({ secondTry = false } = {}) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const doubtful = [];

  /**
   * Runs a command; `count` reads the results from its output, without it the command counts as one. `again` has the
   * files of failed tests in an output, and the command for some files.
   */
  async function step(name, program, args, count, again) {
    const started = Date.now();
    const { status, output } = await run(program, args);
    const counted = count?.(output) ?? { passed: 0, failed: 0, skipped: 0 };
    const failed = status !== 0 || (count !== undefined && counted.passed === 0);
    if (count === undefined && !failed) counted.passed = 1;
    if (failed && counted.failed === 0) counted.failed = 1;
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    const results = count === undefined ? "" : `: ${JSON.stringify(counted)}`;
    // A step's output in one piece: others may run beside it.
    if (failed) console.log(output);
    console.log(`${failed ? "FAILED" : "ok    "} ${name} (${seconds} s)${results}`);
    total.passed += counted.passed;
    total.skipped += counted.skipped;
    if (!failed) return;
    const files = secondTry ? again?.files(output) ?? [] : [];
    const failure = { name, count: counted.failed, lines: reasons(output) };
    if (files.length > 0) doubtful.push({ failure, files, command: again.command });
    else fail(failure);
  }

  function fail({ name, count, lines }) {
    total.failed += count;
    failures.push(name, ...lines);
  }

  async function tryAgain({ failure, files, command }) {
    const { status, output } = await run(...command(files));
    const what = `${files.join(" ")}, alone (failed in ${failure.name})`;
    console.log(status === 0 ? `ok     ${what}` : `${output}\nFAILED ${what}`);
    if (status !== 0) return fail(failure);
    total.passed += failure.count;
    console.log(["Passed at the second try only:", ...failure.lines].join("\n"));
  }

  return {
    total,
    step,
    /** What can be said of the sources without running them. */
    async statics() {
      await Promise.all([
        step("format", deno(), ["fmt", "--check"]),
        step("lint", deno(), ["lint"]),
      ]);
      await step("rooms", bun(), ["build/dev/lint.ts"]);
      await Promise.all([
        step("types", process.execPath, [tsc(), "-p", "."]),
        step("pure types", process.execPath, [tsc(), "-p", "build/dev/pure"]),
        step("types of the page", process.execPath, [tsc(), "-p", "page"]),
      ]);
      await step("generated files", bun(), ["build/dev/gen.ts", "--check"]);
    },
    underBun: (name, paths, ...flags) =>
      step(name, ...bunTests(flags)(paths), countBun, {
        files: bunFailed,
        command: bunTests(flags),
      }),
    underDeno: (name, paths) =>
      step(name, ...denoTests(paths), countDeno, { files: denoFailed, command: denoTests }),
    /** Prints once more what failed, then the line that counts, and ends the process. */
    async end() {
      for (const one of doubtful) await tryAgain(one);
      if (failures.length > 0) console.log(`\nFailed:\n${failures.join("\n")}`);
      console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
      process.exit(total.failed > 0 ? 1 : 0);
    },
  };
}

const bunTests = (flags) => (paths) => [
  bun(),
  ["test", "--timeout", "180000", ...flags, ...paths],
];
const denoTests = (paths) => [deno(), ["test", "-A", "--no-check", "--parallel", ...paths]];

/** Bun prints a file's name before its tests, and all failed ones again at the end. */
function bunFailed(output) {
  const files = new Set();
  let file;
  const [before] = output.split(/^\d+ tests failed:$/m);
  for (const line of before.split("\n")) {
    file = /^(test\/\S+\.test\.ts):$/.exec(line)?.[1] ?? file;
    if (line.startsWith("(fail) ") && file !== undefined) files.add(file);
  }
  return [...files];
}

function denoFailed(output) {
  return [
    ...new Set([...output.matchAll(/=> \.\/(test\/\S+\.test\.ts):/g)].map(([, file]) => file)),
  ];
}

/** The failed tests of a step, each after its error: who sees only the end of a log sees them. */
function reasons(output) {
  const lines = output.split("\n").filter((line) =>
    /^\(fail\) |^\s*error: |\.\.\. .*FAILED/.test(line)
  );
  return [...new Set(lines)].slice(0, REPEATED_LINES).map((line) => `  ${line.slice(0, 300)}`);
}

function run(program, args) {
  return new Promise((done) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const take = (chunk) => output += chunk;
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => done({ status: 1, output: String(error) }));
    child.on("close", (status) => done({ status, output }));
  });
}

export function last(output, pattern) {
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
