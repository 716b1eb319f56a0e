/**
 * Figures that do not depend on the machine's mood: system calls per tick, as strace counts them, and how
 * much garbage a tick makes. They are kept in guard.json; what is more than a tenth worse fails, until
 * the file is changed on purpose.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { agentConfig, COLLECTORS } from "./contenders.ts";
import { median, sleep } from "./processes.ts";

/** Per tick. */
export interface Figures {
  /** Of files: open, read, close and all that asks about them. */
  readonly fileCalls: number;
  /** Of sockets: one write per handler is what there has to be. */
  readonly socketCalls: number;
  /** Times that the main thread went to sleep, to be woken up again: one per tick has to be. */
  readonly sleeps: number;
  /** Collections of young garbage in a thousand ticks. */
  readonly collections: number;
}

const here = import.meta.dirname!;
const FILE = join(here, "guard.json");
const TOLERANCE = 1.1;
const WARM_MS = 4000;
/** The first ticks collect garbage and give memory back more often than others: most have to be others. */
const TRACE_SECONDS = 24;
/** Between two ticks there is nothing for at least this long. */
const PAUSE_SECONDS = 0.4;
const FILE_CALLS =
  /^(openat|open|close|read|pread64|statx|newfstatat|statfs|readlink|access|lseek)$/;
const SOCKET_CALLS = /^(sendto|sendmsg|write|writev|connect|recvfrom|recvmsg)$/;
const SLEEPS = /^epoll_p?wait2?$/;

export async function measureGuard(agent: string, folder: string): Promise<Figures> {
  return { ...await countCalls(agent, folder), collections: collections() };
}

/** Undefined where all is well; else what has become worse. */
export function worse(now: Figures, before = expected()): string | undefined {
  const lines = (Object.keys(before) as (keyof Figures)[])
    .filter((name) => now[name] > before[name] * TOLERANCE)
    .map((name) => `${name}: ${now[name]}, ${before[name]} in build/bench/guard.json`);
  return lines.length === 0 ? undefined : lines.join("\n");
}

function expected(): Figures {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

/** Returns the exit status. */
export async function guard(agent: string, folder: string, accept: boolean): Promise<number> {
  const now = await measureGuard(agent, folder);
  console.log(now);
  if (accept) {
    writeFileSync(FILE, `${JSON.stringify(now, null, 2)}\n`);
    return 0;
  }
  const complaint = worse(now);
  if (complaint === undefined) return 0;
  console.error(`${complaint}\nIf that is meant: npm run bench -- guard --accept`);
  return 1;
}

async function countCalls(agent: string, folder: string) {
  mkdirSync(folder, { recursive: true });
  const server = createServer((socket) => void socket.resume()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  // How many file systems there are, and pages in /proc/vmstat, is the machine's affair.
  const collectors = COLLECTORS.filter((name) => name !== "DiskSpace" && name !== "VMStat");
  const config = agentConfig(join(folder, "guard"), { interval: 1, port, collectors });
  const child = spawn(agent, ["run", "--foreground", "--skip-pidfile", "-c", config], {
    env: {},
    stdio: "ignore",
  });
  try {
    await sleep(WARM_MS);
    const ticks = await trace(child, join(folder, "strace.log"));
    const usual = (calls: RegExp) =>
      median(ticks.map((names) => names.filter((name) => calls.test(name)).length));
    return {
      fileCalls: usual(FILE_CALLS),
      socketCalls: usual(SOCKET_CALLS),
      sleeps: usual(SLEEPS),
    };
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
    server.close();
  }
}

/** The names of the system calls of each whole tick. */
async function trace({ pid }: ChildProcess, log: string): Promise<string[][]> {
  const limit = ["-s", "INT", String(TRACE_SECONDS)];
  const strace = ["strace", "-f", "-ttt", "-o", log, "-p", `${pid}`];
  const tracing = spawn("timeout", [...limit, ...strace], { stdio: "ignore" });
  await once(tracing, "close");
  const ticks: string[][] = [[]];
  let last = Infinity;
  for (const line of readFileSync(log, "latin1").split("\n")) {
    const [, time, name] = /^\d+ +([\d.]+) (\w+)\(/.exec(line) ?? [];
    if (name !== undefined && SLEEPS.test(name)) ticks.at(-1)!.push(name);
    if (name === undefined || !(FILE_CALLS.test(name) || SOCKET_CALLS.test(name))) continue;
    if (Number(time) - last > PAUSE_SECONDS) ticks.push([]);
    last = Number(time);
    ticks.at(-1)!.push(name);
  }
  if (ticks.length < 5) throw new Error(`strace has seen ${ticks.length} ticks: ${log}`);
  // The first and the last may have been cut.
  return ticks.slice(1, -1);
}

/** Without a compiler in the background, which comes to other results at other speeds. */
function collections(): number {
  const env = {
    ...process.env,
    BUN_GC_TIMER_DISABLE: "1",
    BUN_JSC_logGC: "1",
    BUN_JSC_useDFGJIT: "0",
    BUN_JSC_useConcurrentJIT: "0",
  };
  const { stdout, stderr } = spawnSync(process.execPath, [join(here, "allocations.ts")], {
    env,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const ticks = Number(stdout);
  const found = stderr.match(/=> EdenCollection/g)?.length ?? 0;
  if (!(ticks > 0 && found > 0)) throw new Error(`allocations.ts failed: ${stderr}`);
  return Number((found * 1000 / ticks).toFixed(2));
}
