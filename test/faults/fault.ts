/**
 * What the fault tests share: an agent that collects a thousand points a second from a made-up host,
 * a receiver that writes down all it gets, and the comparison of both.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { type Running, start, temporary, until } from "../harness/agent_process.ts";

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export const random = (from: number, to: number) => from + Math.random() * (to - from);

/** `--name N` of the command line. */
export function flag(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}

/** Says how it went, removes what was made, and ends the process. */
export async function fault(name: string, body: (directory: string) => Promise<string[]>) {
  const { path, remove } = temporary();
  const started = Date.now();
  try {
    const problems = await body(path);
    for (const problem of problems) console.log(`  PROBLEM: ${problem}`);
    const seconds = Math.round((Date.now() - started) / 1000);
    console.log(`${name}: ${problems.length === 0 ? "held" : "FAILED"} after ${seconds} s`);
    remove();
    process.exit(problems.length === 0 ? 0 : 1);
  } catch (error) {
    console.error(error);
    console.log(`${name}: FAILED; its files are in ${path}`);
    process.exit(1);
  }
}

const FIELDS = 16;

/** A /proc whose interfaces grow by random amounts; `points` a run come from it. */
export function growingHost(directory: string, points: number) {
  const folder = join(directory, "proc/net");
  mkdirSync(folder, { recursive: true });
  const counters = Array.from(
    { length: Math.ceil(points / FIELDS) },
    () => Array.from({ length: FIELDS }, () => Math.floor(random(0, 1e9))),
  );
  const write = () => {
    const lines = counters.map((fields, index) => {
      fields.forEach((value, at) => (fields[at] = value + Math.floor(random(0, 100_000))));
      return `  eth${index}: ${fields.join(" ")}`;
    });
    const file = join(folder, "dev");
    writeFileSync(`${file}.new`, `Inter-|   Receive\n face |bytes\n${lines.join("\n")}\n`);
    renameSync(`${file}.new`, file);
  };
  write();
  const timer = setInterval(write, 400);
  return { procfs: join(directory, "proc"), stop: () => clearInterval(timer) };
}

export interface AgentPlan {
  readonly directory: string;
  readonly procfs: string;
  /** Sections of `[handlers]`, by name; the archive is added. */
  readonly handlers: Readonly<Record<string, string>>;
  readonly server?: string;
}

export interface FaultAgent {
  readonly config: string;
  readonly archive: string;
  start(): Running;
  /** Every line of the archive. */
  lines(): string[];
}

export function planAgent({ directory, procfs, handlers, server = "" }: AgentPlan): FaultAgent {
  mkdirSync(directory, { recursive: true });
  const archive = join(directory, "archive.log");
  const config = join(directory, "diamond.conf");
  const sections = Object.entries(handlers).map(([name, text]) => `[[${name}]]\n${text}\n`);
  writeFileSync(
    config,
    `[server]
handlers = ${Object.keys(handlers).join(", ")}, ArchiveHandler
procfs = ${procfs}
pid_file = ${join(directory, "agent.pid")}
state_path = ${join(directory, "state")}
spool_path = ${join(directory, "spool")}
${server}
[handlers]
[[default]]
retry_max_interval = 2
spool_rate = 0
${sections.join("")}[[ArchiveHandler]]
log_file = ${archive}
[collectors]
[[default]]
interval = 1
hostname = web1
[[NetworkCollector]]
enabled = True
`,
  );
  return {
    config,
    archive,
    start: () => start(["run", "-f", "-l", "--debug", "-c", config]),
    lines: () => existsSync(archive) ? readFileSync(archive, "utf8").split("\n").slice(0, -1) : [],
  };
}

export interface Receiver {
  readonly port: number;
  /** How often each line came. */
  readonly lines: ReadonlyMap<string, number>;
  readonly total: number;
  /** Milliseconds of the first arrival of a line. */
  arrived(line: string): number | undefined;
  /** Once the agents have ended: waits until what they sent is read. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Writes down whole lines; what is cut off at the end of a connection is none. */
export async function receiver(port = 0): Promise<Receiver> {
  const lines = new Map<string, number>();
  const times = new Map<string, number>();
  let total = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    let rest = "";
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (chunk) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop()!;
      const now = Date.now();
      for (const line of parts) {
        total++;
        lines.set(line, (lines.get(line) ?? 0) + 1);
        if (!times.has(line)) times.set(line, now);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    lines,
    get total() {
      return total;
    },
    arrived: (line) => times.get(line),
    async drain() {
      await sleep(100);
      await until("the connections are read to their end", () => sockets.size === 0);
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export interface Comparison {
  readonly collected: number;
  readonly lost: readonly string[];
  /** Lines that came more often than they were collected. */
  readonly again: readonly string[];
}

export function compare(archive: readonly string[], got: ReadonlyMap<string, number>): Comparison {
  const wanted = new Map<string, number>();
  for (const line of archive) wanted.set(line, (wanted.get(line) ?? 0) + 1);
  const lost: string[] = [];
  const again: string[] = [];
  for (const [line, times] of wanted) {
    const came = got.get(line) ?? 0;
    if (came < times) lost.push(line);
    if (came > times) again.push(line);
  }
  return { collected: archive.length, lost, again };
}

export const timestampOf = (line: string) => Number(line.slice(line.lastIndexOf(" ") + 1));

/** What went wrong that only the log knows: books that do not close, a crash. */
export function complaints(output: string): string[] {
  return output.split("\n").filter((line) =>
    /does not close|unaccounted|nobody caught|panic|Segmentation/.test(line)
  ).slice(0, 3);
}
