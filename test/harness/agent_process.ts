/** The executable as a user runs it, and what it needs around it. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

export const root = join(import.meta.dirname!, "../..");
export const executable = join(
  root,
  "build/out",
  `diamond-agent-${process.platform}-${process.arch}`,
);
/** Said by tests that need it: `npm run build -- --host` makes it. */
export const noExecutable = existsSync(executable) ? false : "the executable is not built";

const children = new Set<ChildProcess>();
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));

/** A test that fails half-way leaves nothing running. */
export function endWithTests(child: ChildProcess): void {
  children.add(child);
  child.on("close", () => children.delete(child));
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, in an environment with nothing in it. */
export function agent(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Result {
  const { status, stdout, stderr } = spawnSync(executable, args, {
    cwd: options.cwd ?? "/",
    env: options.env ?? {},
    encoding: "utf8",
    timeout: 30_000,
  });
  return { code: status, stdout, stderr };
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Both streams, as far as they came. */
  output(): string;
  /** Sends a signal and waits for the end; SIGKILL after ten seconds. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a command in the background of the test. */
export function start(
  args: readonly string[],
  options: { program?: string; cwd?: string; env?: Record<string, string> } = {},
): Running {
  const child = spawn(options.program ?? executable, args, {
    cwd: options.cwd ?? "/",
    env: options.env ?? {},
    stdio: ["ignore", "pipe", "pipe"],
  });
  endWithTests(child);
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return {
    child,
    pid: child.pid!,
    output: () => output,
    async end(signal = "SIGTERM") {
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      child.kill(signal);
      const code = await ended;
      clearTimeout(late);
      return code;
    },
  };
}

/** Waits until something holds; throws with `what` after `seconds`. */
export async function until<T>(
  what: string,
  holds: () => T | Promise<T>,
  seconds = 15,
): Promise<NonNullable<T>> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await holds();
    if (value) return value as NonNullable<T>;
    if (Date.now() > end) throw new Error(`Not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A folder that is gone after the test. */
export function temporary(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "diamond-agent-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface LineServer {
  readonly port: number;
  readonly lines: string[];
  close(): Promise<void>;
}

/** A Graphite that only remembers. `reads: false`: it accepts and never reads. */
export async function lineServer(
  options: { reads?: boolean; host?: string; port?: number } = {},
): Promise<LineServer> {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer({ pauseOnConnect: options.reads === false }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    if (options.reads === false) return;
    let rest = "";
    socket.on("data", (chunk) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop()!;
      lines.push(...parts);
    });
  });
  await new Promise<void>((resolve) =>
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve)
  );
  return {
    port: (server.address() as { port: number }).port,
    lines,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = await lineServer();
  await server.close();
  return server.port;
}
