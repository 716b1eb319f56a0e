/** What a tree of processes costs, by the kernel's own accounting: a control group counts every thread that ever ran in it. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

export interface Cost {
  /** Milliseconds, user and system together: the kernel separates them by samples, too few for a tick of two. */
  readonly cpu: number;
  readonly switches: Switches;
}

/** By thread, how often it has gone to sleep. */
export type Switches = ReadonlyMap<string, number>;

/** Kilobytes. */
export interface Memory {
  readonly rss: number;
  readonly pss: number;
  readonly anonymous: number;
}

export interface Group {
  start(command: readonly string[], env: Record<string, string>, log: string): ChildProcess;
  /** When the last start's program took over from the shell, in milliseconds since the epoch. */
  began(): number;
  pids(): number[];
  cost(): Cost;
  memory(): Memory;
  threads(): number;
  /** Lets it stand still, and go on. */
  pause(): void;
  resume(): void;
  /** Ends what runs in it. */
  stop(): Promise<void>;
  /** The same, and removes the group. */
  end(): Promise<void>;
}

const STOP_MS = 6000;
const V1 = "/sys/fs/cgroup/cpuacct";
const V2 = "/sys/fs/cgroup";

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

export function createGroup(name: string): Group {
  const isV2 = !existsSync(V1);
  const folder = join(isV2 ? V2 : V1, `bench-${process.pid}-${name}`);
  mkdirSync(folder, { recursive: true });

  /** The file with the time of the last start. */
  let buildInfo = "";
  const pids = () => read(join(folder, "cgroup.procs")).split("\n").filter(Boolean).map(Number);
  const tasks = () =>
    pids().flatMap((pid) => {
      try {
        return readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}`);
      } catch {
        return [];
      }
    });

  function milliseconds(): number {
    if (!isV2) return Number(read(join(folder, "cpuacct.usage"))) / 1e6;
    const text = read(join(folder, "cpu.stat"));
    return Number(/^usage_usec (\d+)/m.exec(text)?.[1]) / 1000;
  }

  function signal(name: NodeJS.Signals): void {
    for (const pid of pids()) {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended.
      }
    }
  }

  async function stop(): Promise<void> {
    signal("SIGCONT");
    signal("SIGTERM");
    const until = performance.now() + STOP_MS;
    while (pids().length > 0) {
      if (performance.now() > until) signal("SIGKILL");
      await sleep(50);
    }
  }

  return {
    start(command, env, log) {
      const out = openSync(log, "a");
      buildInfo = `${log}.began`;
      // The shell enters the group and becomes the program: nothing of it is counted outside.
      const script = 'echo $$ > "$0" && date +%s%N > "$1" && shift && exec "$@"';
      return spawn("/bin/sh", ["-c", script, join(folder, "cgroup.procs"), buildInfo, ...command], {
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env },
        stdio: ["ignore", out, out],
        detached: true,
      });
    },
    began: () => Number(read(buildInfo)) / 1e6,
    pids,
    cost: () => ({
      cpu: milliseconds(),
      switches: new Map(
        tasks().map((task) => {
          const count = /^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`${task}/status`))?.[1];
          return [task, Number(count ?? 0)];
        }),
      ),
    }),
    memory() {
      const sum = { rss: 0, pss: 0, anonymous: 0 };
      for (const pid of pids()) {
        const text = read(`/proc/${pid}/smaps_rollup`);
        const field = (key: string) =>
          Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
        sum.rss += field("Rss");
        sum.pss += field("Pss");
        sum.anonymous += field("Anonymous");
      }
      return sum;
    },
    threads: () => tasks().length,
    pause: () => signal("SIGSTOP"),
    resume: () => signal("SIGCONT"),
    stop,
    async end() {
      await stop();
      rmdirSync(folder);
    },
  };
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
