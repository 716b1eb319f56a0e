import { equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { singleCollection } from "../../src/agent/agent.ts";
import processResources, { parseStat } from "../../src/collectors/process_resources.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import { Cursor } from "../../src/core/cursor.ts";
import type { Host } from "../../src/core/host.ts";
import { memoryFiles } from "../harness/memory_files.ts";
import { silentLog } from "../harness/recorded_log.ts";

const PROCESSES = 5000;
const MOST_BETWEEN_TURNS = 250;

describe("ProcessResourcesCollector", () => {
  it("lets others have their turn while it scans 5,000 processes", async () => {
    let reads = 0;
    let most = 0;
    let turns = 0;
    const host = {
      system: "linux",
      cpus: 1,
      fs: {
        list: (
          path: string,
        ) => (path === "/proc"
          ? Array.from({ length: PROCESSES }, (_, pid) => String(pid + 1))
          : []),
        tryRead(path: string) {
          const found = /^\/proc\/(\d+)\/(stat|cmdline)$/.exec(path);
          if (found?.[2] === "stat") most = Math.max(most, ++reads);
          return found &&
            Cursor.of(
              found[2] === "stat" ? `${found[1]} (worker) S ${"1 ".repeat(49)}` : "worker\0",
            );
        },
        exists: () => false,
        readLink: () => "/usr/bin/worker",
      },
      clock: {
        now: () => 0,
        monotonic: () => 1,
        sleep(ms: number, signal?: AbortSignal) {
          if (ms > 0) {
            return new Promise<void>((resolve) =>
              signal?.addEventListener("abort", () => resolve())
            );
          }
          turns++;
          reads = 0;
          return Promise.resolve();
        },
        after: () => () => {},
      },
      names: { hostname: () => "h", fqdn: () => Promise.resolve("h") },
      self: { pid: 1 },
    } as unknown as Host;
    const text =
      "[collectors]\n[[ProcessResourcesCollector]]\n[[[process]]]\n[[[[all]]]]\nname = worker\ncount_workers = True\n";
    const { collectors: [part] } = await resolveSettings({
      path: "c",
      files: memoryFiles({ c: text }),
      catalogue: { collectors, handlers: {} },
      only: [processResources.name],
    });
    const { metrics, error } = await (await singleCollection(part, host, silentLog)).run(0);
    equal(error, undefined);
    equal(
      metrics.find(({ series }) => series.path.endsWith("all.workers_count"))?.value,
      PROCESSES,
    );
    ok(
      most <= MOST_BETWEEN_TURNS && turns >= PROCESSES / MOST_BETWEEN_TURNS,
      `${most} processes in a row, ${turns} turns for others`,
    );
  });

  it("reads names with blanks and parentheses", () => {
    equal(parseStat(`7 (a (b) c) S ${"2 ".repeat(49)}`)?.comm, "a (b) c");
    equal(parseStat("7 (a"), undefined);
    equal(parseStat("7 (a) S 1 2"), undefined);
  });
});
