/**
 * Measures what build flags and runtime settings do: `node build/dev/run.mjs build/bench/measure.ts [SECONDS]`.
 * Start: the median of `version`, in turn for all variants. The rest: the agent with the collectors of
 * conf/diamond.conf at an interval of 1 s into NullHandler, all variants side by side.
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runtimeSettings } from "../../src/core/runtime_settings.ts";
import { compile, FLAGS, hostTarget } from "../release/compile.ts";

const root = join(import.meta.dirname!, "../..");
const directory = join(root, "build/out/measure");
const seconds = Number(process.argv[2] ?? 60);
const WARM_SECONDS = 15;
const STARTS = 31;

const quiet = runtimeSettings;
const without = (...flags: string[]) => FLAGS.filter((flag) => !flags.includes(flag));
const VARIANTS: readonly {
  name: string;
  flags: readonly string[];
  env?: Record<string, string>;
}[] = [
  { name: "plain", flags: without("--bytecode", "--minify-syntax", "--minify-whitespace") },
  { name: "minified", flags: without("--bytecode") },
  { name: "minified, bytecode (chosen)", flags: FLAGS },
  { name: "chosen + splitting", flags: [...FLAGS, "--splitting"] },
  { name: "chosen + smol", flags: [...FLAGS, "--compile-exec-argv=--smol"] },
  { name: "chosen, environment set", flags: FLAGS, env: quiet },
];

rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
const conf = join(directory, "diamond.conf");
writeFileSync(
  conf,
  readFileSync(join(root, "conf/diamond.conf"), "utf8").replace(
    /^handlers = .*$/m,
    "handlers = NullHandler",
  ).replace(
    /^interval = 10$/m,
    "interval = 1",
  ).replace(/^collectors_config_path = .*\n/m, ""),
);
const files = VARIANTS.map(({ flags }, index) =>
  compile(hostTarget(), join(directory, `agent-${index}`), flags)
);

const starts = VARIANTS.map(() => [] as number[]);
for (let round = 0; round < STARTS; round++) {
  files.forEach((file, index) => {
    const begun = performance.now();
    spawnSync(file, ["version"], { env: VARIANTS[index].env ?? {} });
    starts[index].push(performance.now() - begun);
  });
}

const agents = files.map((file, index) =>
  spawn(file, ["run", "-f", "--skip-pidfile", "-c", conf], {
    env: VARIANTS[index].env ?? {},
    stdio: "ignore",
  })
);
await new Promise((resolve) => setTimeout(resolve, WARM_SECONDS * 1000));
const before = agents.map(({ pid }) => figures(pid!));
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const rows = agents.map(({ pid }, index) => {
  const now = figures(pid!);
  const per = (after: number, earlier: number) => ((after - earlier) / seconds).toFixed(1);
  return `| ${VARIANTS[index].name} | ${median(starts[index]).toFixed(0)} | ${
    (now.rss / 1024).toFixed(0)
  } | ${(now.anonymous / 1024).toFixed(0)} | ${per(now.switches, before[index].switches)} | ${
    per(now.cpu * 1000, before[index].cpu * 1000)
  } |`;
});
for (const agent of agents) agent.kill("SIGTERM");
console.log(
  `| variant | start, ms | RSS, MB | anonymous, MB | wake-ups/s | CPU, ms/s |\n| --- | --- | --- | --- | --- | --- |\n${
    rows.join("\n")
  }`,
);
rmSync(directory, { recursive: true });

function figures(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]);
  let switches = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${task}/status`, "utf8");
    switches += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)![1]);
  }
  const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ").slice(
    11,
    13,
  ).map(Number);
  return {
    rss: kilobytes("VmRSS"),
    anonymous: kilobytes("RssAnon"),
    switches,
    cpu: (user + system) / 100,
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
