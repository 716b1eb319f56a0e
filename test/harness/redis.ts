/** A real Redis of Debian's package, and its own client. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import process from "node:process";
import { endWithTests, until } from "./agent_process.ts";

const PROGRAM = "/usr/bin/redis-server";
export const noRedis = existsSync(PROGRAM) ? false : "redis-server is not installed";

export interface RedisServer {
  readonly port: number;
  stop(signal: NodeJS.Signals): Promise<void>;
  /** Does not wait for what it does: SIGSTOP, SIGCONT. */
  send(signal: NodeJS.Signals): void;
  /** What the server's client prints for a command, as JSON. */
  ask(...words: readonly string[]): unknown;
  /** The entries of a stream, each by its fields. */
  entries(stream: string): Record<string, string>[];
}

/** The same folder can be started again: it has what it has confirmed. `more`: arguments. */
export async function redisServer(
  directory: string,
  port: number,
  more: readonly string[] = [],
): Promise<RedisServer> {
  mkdirSync(directory, { recursive: true });
  const args = [
    ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""],
    ...["--appendonly", "yes", "--appendfsync", "always", ...more],
  ];
  const child = spawn(PROGRAM, args, { stdio: "ignore" });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  await until(
    "Redis listens",
    () =>
      spawnSync("ss", ["-ltnH", `sport = :${port}`], { encoding: "utf8" }).stdout.includes(
        `:${port}`,
      ),
  );
  const ask: RedisServer["ask"] = (...words) => {
    const answer = spawnSync("redis-cli", ["-p", String(port), "--json", ...words], {
      encoding: "utf8",
      maxBuffer: 2 ** 30,
    });
    return JSON.parse(answer.stdout);
  };
  return {
    port,
    ask,
    // Deno's child.kill works once.
    send: (signal) => void process.kill(child.pid!, signal),
    async stop(signal) {
      process.kill(child.pid!, signal);
      await ended;
    },
    entries(stream) {
      const all = ask("XRANGE", stream, "-", "+") as [string, string[]][];
      return all.map(([, fields]) => Object.fromEntries(pairs(fields)));
    },
  };
}

function pairs(all: readonly string[]): [string, string][] {
  return Array.from({ length: all.length / 2 }, (_, at) => [all[2 * at], all[2 * at + 1]]);
}
