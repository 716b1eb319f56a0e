import { equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { singleRunner } from "../../src/agent/parts.ts";
import processResources from "../../src/collectors/host/process_resources.ts";
import { parseStat } from "../../src/formats/proc_process.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import { Cursor } from "../../src/core/cursor.ts";
import type { Host } from "../../src/ports/host.ts";
import { memoryFiles } from "../harness/memory_files.ts";
import { silentLog } from "../harness/recorded_log.ts";

const PROCESSES = 5000;
const MAX_BETWEEN_TURNS = 250;

const GROUP =
  "[collectors]\n[[ProcessResourcesCollector]]\n[[[process]]]\n[[[[all]]]]\nname = worker\ncount_workers = True\n";

interface Process {
  name: string;
  /** Seconds after the host's start. */
  start: number;
  state?: string;
  commandLine?: string;
}

/** A host with nothing but processes, and a clock that stands until it is told to go on. */
async function hostOf(processes: Map<number, Process>, group = GROUP) {
  const told = { seconds: 0, reads: 0, turns: 0, inARow: 0, mostInARow: 0 };
  const stat = (pid: number, { name, start, state = "S" }: Process) =>
    `${pid} (${name}) ${state} ${"1 ".repeat(18)}${start * 100} ${"1 ".repeat(30)}`;
  const host = {
    system: "linux",
    cpus: 1,
    fs: {
      list: (path: string) => path === "/proc" ? [...processes.keys(), "self"].map(String) : [],
      tryRead(path: string) {
        if (path === "/proc/uptime") return Cursor.of(`${1000 + told.seconds} 0\n`);
        const [, digits, file] = /^\/proc\/(\d+)\/(stat|cmdline)$/.exec(path) ?? [];
        const pid = Number(digits);
        const process = processes.get(pid);
        if (process === undefined) return undefined;
        if (file === "cmdline") {
          ok(process.state !== "D", "whoever reads it waits");
          return process.commandLine === undefined ? undefined : Cursor.of(process.commandLine);
        }
        told.reads++;
        told.mostInARow = Math.max(told.mostInARow, ++told.inARow);
        return Cursor.of(stat(pid, process));
      },
      exists: () => false,
      readLink: () => "/usr/bin/worker",
    },
    clock: {
      now: () => 0,
      monotonic: () => told.seconds * 1000,
      sleep(ms: number, signal?: AbortSignal) {
        if (ms > 0) {
          return new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
        }
        told.turns++;
        told.inARow = 0;
        return Promise.resolve();
      },
      after: () => () => {},
    },
    names: { hostname: () => "h", fqdn: () => Promise.resolve("h") },
    self: { pid: 1 },
  } as unknown as Host;
  const { collectors: [part] } = await resolveSettings({
    path: "c",
    files: memoryFiles({ c: group }),
    catalogue: { collectors, handlers: {} },
    only: [processResources.name],
  });
  const runner = await singleRunner(part, host, silentLog);
  return {
    told,
    /** How many there are in the group. */
    async workers(seconds: number): Promise<number | undefined> {
      told.seconds = seconds;
      told.reads = 0;
      const { metrics, error } = await runner.run(seconds);
      equal(error, undefined);
      return metrics.find(({ series }) => series.path.endsWith("all.workers_count"))?.value;
    },
  };
}

function crowd(name: string, start: number): Map<number, Process> {
  return new Map(
    Array.from({ length: PROCESSES }, (_, at) => [at + 1, { name, start }]),
  );
}

describe("ProcessResourcesCollector", () => {
  it("lets others have their turn while it scans 5,000 processes", async () => {
    const { told, workers } = await hostOf(crowd("worker", 1));
    equal(await workers(0), PROCESSES);
    ok(
      told.mostInARow <= MAX_BETWEEN_TURNS && told.turns >= PROCESSES / MAX_BETWEEN_TURNS,
      `${told.mostInARow} processes in a row, ${told.turns} turns for others`,
    );
  });

  it("looks at those of no group now and then, a part of them in each run", async () => {
    const { told, workers } = await hostOf(crowd("other", 1));
    equal(await workers(0), 0);
    equal(told.reads, PROCESSES);
    let all = 0;
    let most = 0;
    for (let second = 1; second <= 60; second++) {
      await workers(second);
      all += told.reads;
      // The first time round they are due from the middle of their time on.
      if (second > 30) most = Math.max(most, told.reads);
    }
    ok(all >= PROCESSES * 2 && all <= PROCESSES * 4, `${all} looks in a minute`);
    ok(most <= PROCESSES / 4, `${most} looks in a run`);
  });

  it("looks at a member of a group in each run", async () => {
    const { told, workers } = await hostOf(crowd("worker", 1));
    for (const second of [0, 1, 2]) {
      await workers(second);
      equal(told.reads, PROCESSES);
    }
  });

  it("notices what has become another program, or another process, and what has ended", async () => {
    const processes = crowd("other", 1);
    const { workers } = await hostOf(processes);
    equal(await workers(0), 0);
    processes.get(7)!.name = "worker";
    processes.set(8, { name: "worker", start: 1000 });
    await workers(1);
    equal(await workers(30), 2, "after half a minute at the latest");
    processes.get(7)!.name = "other";
    processes.set(8, { name: "other", start: 1031 });
    equal(await workers(31), 0, "at once, since members are looked at each time");
    processes.delete(9);
    await workers(32);
    processes.set(9, { name: "worker", start: 1033 });
    equal(await workers(33), 1, "at once, since it was gone meanwhile");
  });

  it("asks a young process each time what it has become", async () => {
    const processes = crowd("sh", 1);
    const { workers } = await hostOf(processes);
    await workers(0);
    processes.set(PROCESSES + 1, { name: "sh", start: 1000 });
    equal(await workers(1), 0);
    processes.get(PROCESSES + 1)!.name = "worker";
    equal(await workers(2), 1);
  });

  it("does not read the command line of a process that waits for a file system", async () => {
    const process: Process = { name: "java", start: 1, state: "D", commandLine: "java\0-jar\0db" };
    const group = GROUP.replace("name = worker", "cmdline = db");
    const { workers } = await hostOf(new Map([[7, process]]), group);
    equal(await workers(0), 0);
    process.state = "S";
    equal(await workers(1), 1, "with the next run");
    process.state = "D";
    equal(await workers(100), 1, "what is known of it stays");
  });

  it("reads names with blanks and parentheses", () => {
    equal(parseStat(`7 (a (b) c) S ${"2 ".repeat(49)}`)?.comm, "a (b) c");
    equal(parseStat("7 (a"), undefined);
    equal(parseStat("7 (a) S 1 2"), undefined);
  });
});
