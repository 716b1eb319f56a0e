/** What a test of a collector needs to know about the service behind it: one file a service, in services/. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import type { Packages } from "./packages.ts";
import { endWithTests, until } from "../harness/agent_process.ts";

export interface Daemon {
  readonly collector: string;
  readonly packages: Packages;
  /** A package of npm with its version, for what Debian has not: it is put into build/cache. */
  readonly npm?: string;
  /** Also run by `npm test`: it is up in a second or two. */
  readonly fast?: boolean;
  /** Why the collector publishes also while the service is stopped. */
  readonly survives?: string;
  /** Milliseconds between two runs, where only the second one can have values. */
  readonly secondRun?: number;
  start(place: Place): Promise<Service>;
}

/** Where a service may put its files, and what it may listen on. */
export interface Place {
  /** An empty folder that everybody may enter. */
  readonly folder: string;
  readonly port: number;
}

/** A service that runs. */
export interface Service {
  /** What it calls itself. */
  readonly version: string;
  /** Lines of the collector's section. */
  readonly options: string;
  /** What the service's own client says, by the metrics' names behind the collector's path. */
  client(): Figures | Promise<Figures>;
  /** Names of Diamond's that this version has no longer, and why. */
  readonly gone?: Readonly<Record<string, string>>;
  /** By how much a figure may differ from the client's, as a share of it: what nobody can read at the same moment. */
  readonly moves?: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** A counter's figure is its cumulative value. */
export type Figures = ReadonlyMap<string, number>;

/** Starts a server in the foreground; `stop` ends it and waits. */
export function run(
  program: string,
  args: readonly string[],
  { cwd = "/", env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): { readonly child: ChildProcess; output(): string; stop(): Promise<void> } {
  const child = spawn(program, args, {
    cwd,
    env: { PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  endWithTests(child);
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => resolve());
    child.on("error", (error) => {
      output += error.message;
      resolve();
    });
  });
  return {
    child,
    output: () => output,
    async stop() {
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      child.kill("SIGTERM");
      await ended;
      clearTimeout(late);
    },
  };
}

/** Output of a program that ends. Throws where its exit status is not 0. */
export function say(program: string, args: readonly string[], input = ""): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: "/",
    env: { PATH },
    encoding: "utf8",
    input,
    timeout: 60_000,
    maxBuffer: 1 << 26,
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? (stderr || stdout).trim()}`);
}

/** Waits until a program can be asked. */
export function answers(program: string, args: readonly string[], seconds = 30): Promise<unknown> {
  return until(`${program} ${args.join(" ")} gets an answer`, () => {
    try {
      say(program, args);
      return true;
    } catch {
      return false;
    }
  }, seconds);
}

/** `new=old new=old …`: the figures of `old` names, by the new ones. */
export function renamed(names: string, figures: Figures): Figures {
  return new Map(
    names.trim().split(/\s+/).map((pair) => pair.split("=")).flatMap(([name, own = name]) => {
      const value = figures.get(own);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** Every match of name and number in a text. */
export function figuresIn(text: string, pattern: RegExp): Map<string, number> {
  return new Map(
    [...text.matchAll(pattern)].map(([, name, value]) => [name, Number(value)] as const)
      .filter(([, value]) => Number.isFinite(value)),
  );
}

/** The same figures, each name behind a prefix. */
export function prefixed(prefix: string, figures: Figures): Map<string, number> {
  return new Map([...figures].map(([name, value]) => [prefix + name, value]));
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
