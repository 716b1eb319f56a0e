/**
 * `npm run bench`: what the agent costs, beside its peers and the floor, in one run.
 * `npm run bench -- --help` lists what else there is.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { compile, FLAGS, hostTarget } from "../release/compile.ts";
import { compare, type Row } from "./compare.ts";
import { measureEngines } from "./engines.ts";
import { guard } from "./guard.ts";
import { long } from "./long.ts";
import { load, throughput } from "./series.ts";

const HELP = `npm run bench [-- WHAT] [FLAGS]

  compare     (default) beside collectd, Netdata, node_exporter and the floor
  throughput  a million points to a receiver: plain text, pickle, archive, HTTP, from the spool
  engines     a hundred thousand points to each real server: carbon, Prometheus, NATS … (--only NAME)
  load        many interfaces, disks, processors, processes: how the time of a run grows
  long        an hour (--minutes): does the memory grow, or the number of descriptors
  guard       system calls, sleeps and garbage per tick, against build/bench/guard.json
  guard --accept   takes the present figures over

  --interval 1   seconds between ticks      --warm 600    seconds before the first window
  --seconds 20   of a window                --rounds 3    windows of each
  --starts 10    for the time to the first point
  --minutes 60    of a long run; --interval 0.1 makes ten times the ticks in it
  --only NAME    a part of a name, again for several
  --agent FILE   this executable, instead of one that is built now
`;

const { values, positionals: [what = "compare"] } = parseArgs({
  options: {
    interval: { type: "string", default: "1" },
    warm: { type: "string", default: "600" },
    minutes: { type: "string", default: "60" },
    seconds: { type: "string", default: "20" },
    rounds: { type: "string", default: "3" },
    starts: { type: "string", default: "10" },
    only: { type: "string", multiple: true, default: [] },
    agent: { type: "string" },
    accept: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});

const folder = join(import.meta.dirname!, "../out/bench");

if (values.help) {
  console.log(HELP);
} else if (process.platform !== "linux") {
  fail("These measure by Linux' control groups and /proc");
} else if (what === "guard") {
  process.exitCode = await guard(agent(), folder, values.accept);
} else if (what === "compare") {
  if (process.getuid?.() !== 0) fail("Control groups need root");
  spawnSync("sh", [join(import.meta.dirname!, "install")], { stdio: "inherit" });
  const plan = {
    folder,
    agent: agent(),
    interval: Number(values.interval),
    warm: Number(values.warm),
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    starts: Number(values.starts),
    only: values.only,
  };
  const rows = await compare(plan, (line) => console.log(line));
  const file = join(folder, `compare-${plan.interval}s.json`);
  writeFileSync(file, `${JSON.stringify({ plan, rows }, null, 2)}\n`);
  console.log(`\n${table(rows)}\n\n${file}`);
} else if (what === "long") {
  if (process.getuid?.() !== 0) fail("Control groups need root");
  const [interval, minutes] = [Number(values.interval), Number(values.minutes)];
  await long({ folder, agent: agent(), interval, minutes }, (line) => console.log(line));
} else if (what === "throughput") {
  console.log(await throughput(folder));
} else if (what === "engines") {
  await measureEngines(folder, values.only, (line) => console.log(line));
  process.exit(0);
} else if (what === "load") {
  if (process.getuid?.() !== 0) fail("Interfaces need root");
  console.log(await load(folder));
} else {
  fail(`There is no "${what}"\n\n${HELP}`);
}

function agent(): string {
  if (values.agent !== undefined) return values.agent;
  mkdirSync(folder, { recursive: true });
  return compile(hostTarget(), join(folder, "diamond-agent"), FLAGS);
}

function table(rows: readonly Row[]): string {
  const [reference] = rows;
  const head = [
    "",
    "points/tick",
    "CPU, ms/tick",
    "least–most",
    "µs/point",
    "× of ours",
    "RSS, MB",
    "PSS",
    "anonymous",
    "wake-ups/s",
    "threads",
    "first point, ms",
    "size, MB",
  ];
  const lines = rows.map((row) => [
    row.name,
    row.points.toFixed(0),
    row.cpu.toFixed(2),
    `${row.cpuLeast.toFixed(2)}–${row.cpuMost.toFixed(2)}`,
    row.cpuPerPoint.toFixed(2),
    (row.cpuPerPoint / reference.cpuPerPoint).toFixed(2),
    row.rss.toFixed(1),
    row.pss.toFixed(1),
    row.anonymous.toFixed(1),
    row.wakeUps.toFixed(2),
    String(row.threads),
    Number.isNaN(row.first) ? "–" : row.first.toFixed(0),
    (row.size / 1e6).toFixed(1),
  ]);
  const cells = (cell: readonly string[]) => `| ${cell.join(" | ")} |`;
  return [cells(head), cells(head.map(() => "---")), ...lines.map(cells)].join("\n");
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
