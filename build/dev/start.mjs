/**
 * `npm start`: runs the agent from source with conf/diamond.conf, which needs no server, with its page. In a terminal
 * one line says how it is; elsewhere one a minute. Ctrl-C ends it.
 */

import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { bun, ensurePackages, root } from "./tools.mjs";

const FIRST_PORT = 9125;
const PORTS = 20;
const LINE_SECONDS = 5;
const LINE_SECONDS_WITHOUT_TERMINAL = 60;
const WATCH_MS = 500;
const POLL_MS = 250;
const LAST_LINES = 10;
const log = join("var", "agent.log");

ensurePackages();
const given = process.argv.slice(2);
const page = given.some((arg) => arg.startsWith("--page")) ? undefined : await freeAddress();
enablePressure();
const output = openSync(join(root, log), "w");
const agent = spawn(bun(), [
  // With stdin: it ends also when this process is killed.
  ...["src/main.ts", "run", "-f", "--skip-pidfile", "--with-stdin", "-c", "conf/diamond.conf"],
  ...(page === undefined ? [] : ["--page", page]),
  ...given,
], { cwd: root, stdio: ["pipe", output, output] });
closeSync(output);

/** Not every kernel has it. The file is written once: after that it is the user's. */
function enablePressure() {
  const folder = join(root, "var", "collectors");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "PressureCollector.conf");
  if (existsSync(file) || !canRead("/proc/pressure/cpu")) return;
  writeFileSync(file, "# By `npm start`: this kernel has /proc/pressure.\nenabled = True\n");
}

function canRead(path) {
  try {
    return readFileSync(path) !== undefined;
  } catch {
    return false;
  }
}

/** Of the ports that nothing listens at, the first. */
async function freeAddress() {
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS; port++) {
    if (await isFree(port)) return `127.0.0.1:${port}`;
  }
  console.log(
    `The ports ${FIRST_PORT} to ${FIRST_PORT + PORTS - 1} are taken, so there is no page. ` +
      "Name another one: npm start -- --page 127.0.0.1:PORT",
  );
  return undefined;
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Undefined where the page does not answer. */
async function statusOf() {
  if (page === undefined) return undefined;
  try {
    const answer = await fetch(`http://${page}/api/status`, { signal: AbortSignal.timeout(2000) });
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

async function greet() {
  while (!hasEnded && page !== undefined && await statusOf() === undefined) await sleep(POLL_MS);
  if (hasEnded) return;
  console.log(`
diamond-agent collects this host every 10 seconds, with conf/diamond.conf.

  page      ${page === undefined ? "none" : `http://${page}/`}
  points    var/archive.log, a Graphite line each: path value timestamp
  log       ${log}
  stop      Ctrl-C

To send to a Graphite, name GraphiteHandler in conf/diamond.conf: [server] handlers.
`);
}

async function line() {
  const status = await statusOf();
  if (status === undefined || hasEnded) return;
  const { now, started, collectors, handlers, degraded, rss } = status;
  const running = collectors.filter(({ state }) => state === "ok").length;
  const points = Math.max(0, ...handlers.map(({ delivered }) => delivered));
  const text = `${durationOf(Math.round((now - started) / 1000))}: ${running} collectors, ` +
    `${points} points, ${(rss / 1e6).toFixed(0)} MB; ${degraded.join(", ") || "healthy"}`;
  if (!process.stdout.isTTY) return console.log(text);
  process.stdout.write(`\r\x1b[K${text.slice(0, (process.stdout.columns ?? 100) - 1)}`);
}

function durationOf(seconds) {
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

let hasEnded = false;
const seconds = process.stdout.isTTY ? LINE_SECONDS : LINE_SECONDS_WITHOUT_TERMINAL;
let timer;
void greet().then(() => {
  if (hasEnded) return;
  if (process.stdout.isTTY) void line();
  timer = setInterval(line, seconds * 1000);
});
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
  hasEnded = true;
  clearInterval(timer);
  clearInterval(watch);
  if (status !== 0) {
    const lines = existsSync(join(root, log)) ? readFileSync(join(root, log), "utf8") : "";
    console.log(`\n${lines.trimEnd().split("\n").slice(-LAST_LINES).join("\n")}`);
  }
  console.log(`\nStopped. The log is in ${log}`);
  process.exit(status ?? (signal ? 1 : 0));
});
