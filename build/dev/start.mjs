/**
 * `npm start`: runs the agent from source with conf/diamond.conf, which needs no server, and says
 * every few seconds what is there. Ctrl-C ends it.
 */

import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bun, ensurePackages, root } from "./tools.mjs";

const SUMMARY_SECONDS = 5;
const WATCH_MS = 500;
const archive = join("var", "archive.log");

ensurePackages();
const agent = spawn(bun(), [
  "src/main.ts",
  "run",
  "-f",
  "--skip-pidfile",
  // Also when this process is killed.
  "--with-stdin",
  "-c",
  "conf/diamond.conf",
  ...process.argv.slice(2),
], {
  cwd: root,
  stdio: ["pipe", "inherit", "inherit"],
});
console.log(`
Collecting this host every 10 seconds, with conf/diamond.conf.
  points:        ${archive} (a Graphite line each: path value timestamp)
  watch them:    tail -f ${archive}
  to a Graphite: in conf/diamond.conf set handlers = GraphiteHandler and its host, then npm start
  stop:          Ctrl-C
`);

let offset = existsSync(join(root, archive)) ? statSync(join(root, archive)).size : 0;
let points = 0;
let partial = "";
let newest = 0;
const collectors = new Set();
const started = Date.now();

/** Reads what was archived since the last look. */
function follow() {
  const file = join(root, archive);
  if (!existsSync(file)) return;
  const { size } = statSync(file);
  if (size < offset) offset = 0;
  const descriptor = openSync(file, "r");
  const buffer = Buffer.alloc(size - offset);
  offset += readSync(descriptor, buffer, 0, buffer.length, offset);
  closeSync(descriptor);
  const lines = (partial + buffer.toString()).split("\n");
  partial = lines.pop();
  for (const line of lines) {
    const [path, , timestamp] = line.split(" ");
    points++;
    collectors.add(path.split(".")[2]);
    newest = Math.max(newest, Number(timestamp));
  }
}

let shown = -1;
function summary() {
  follow();
  const seconds = Math.round((Date.now() - started) / 1000);
  const size = existsSync(join(root, archive))
    ? (statSync(join(root, archive)).size / 1000).toFixed(0)
    : "0";
  const line =
    `${seconds} s: ${points} points from ${
      [...collectors].sort().join(" ") || "(none yet)"
    }; ${archive} has ${size} kB` +
    (newest === 0 ? "" : `, newest ${new Date(newest * 1000).toTimeString().slice(0, 8)}`);
  if (process.stdout.isTTY) {
    process.stdout.write(`\r\x1b[K${line.slice(0, (process.stdout.columns ?? 100) - 1)}`);
  } else if (points !== shown) console.log(line);
  shown = points;
}

setTimeout(summary, 1500);
const timer = setInterval(summary, SUMMARY_SECONDS * 1000);
const stop = () => agent.kill("SIGTERM");
// The agent gets Ctrl-C from the terminal itself; a kill of this process, or a closed terminal, must reach it too.
process.on("SIGINT", () => {});
process.on("SIGTERM", stop);
process.on("SIGHUP", stop);

/** The processes that started this one: npm's shell, and npm, which may end without passing a signal on. */
function callers() {
  if (process.env.npm_lifecycle_event === undefined) return "";
  return `${process.ppid} ${parentOf(process.ppid)}`;
}

/** Undefined where the system does not tell by files. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name before it may have blanks and brackets.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
  } catch {
    return undefined;
  }
}

const startedBy = callers();
const watch = setInterval(() => callers() === startedBy || stop(), WATCH_MS);
agent.on("exit", (status, signal) => {
  clearInterval(timer);
  clearInterval(watch);
  summary();
  console.log(`\nStopped. The points are in ${archive}`);
  process.exit(status ?? (signal ? 1 : 0));
});
