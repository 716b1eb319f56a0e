/**
 * Disks that are full, read-only or damaged: the agent runs on, what was whole is delivered, the books
 * say the rest. Needs root for the small file systems.
 *
 *     npm run long -- disk [--damages 100] [--points 1000]
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, openSync, readSync, statSync, truncateSync, writeSync } from "node:fs";
import { closeSync } from "node:fs";
import { join } from "node:path";
import type { Metric } from "../../src/core/metric.ts";
import { imbalance, type SavedLedger } from "../../src/delivery/ledger.ts";
import { createWorker } from "../../src/delivery/worker.ts";
import { createSpools } from "../../src/platform/spool/spools.ts";
import { agent, freePort, until } from "../harness/agent_process.ts";
import { createFakeClock } from "../harness/fake_clock.ts";
import { series } from "../harness/metrics.ts";
import { silentLog } from "../harness/recorded_log.ts";
import {
  compare,
  complaints,
  fault,
  flag,
  growingHost,
  planAgent,
  receiver,
  sleep,
} from "./fault.ts";
import { deliveryDefaults } from "../harness/defaults.ts";

const damages = flag("damages", 100);
const points = flag("points", 1000);

const BATCHES = 40;
const PER_BATCH = 200;
const delivery = {
  ...deliveryDefaults,
  spool_rate: 0,
};

/** Flips one bit, or cuts the file off, at a random place. */
function damage(path: string, kind: "flip" | "cut"): string {
  const size = statSync(path).size;
  const at = Math.floor(Math.random() * size);
  if (kind === "cut") {
    truncateSync(path, at);
    return `cut at ${at} of ${size}`;
  }
  const fd = openSync(path, "r+");
  const byte = new Uint8Array(1);
  readSync(fd, byte, 0, 1, at);
  byte[0] ^= 1 << Math.floor(Math.random() * 8);
  writeSync(fd, byte, 0, 1, at);
  closeSync(fd);
  return `a bit at ${at} of ${size}`;
}

/** Everything that is delivered must be what was stored, and the rest be in the books. */
async function damaged(directory: string): Promise<string[]> {
  const names = Array.from({ length: PER_BATCH }, (_, index) => series(`servers.web1.m${index}`));
  const problems: string[] = [];
  const total = BATCHES * PER_BATCH;
  let delivered = 0;
  let untouched = 0;
  for (let round = 0; round < damages; round++) {
    const path = join(directory, `damage${round}`);
    const spools = () => createSpools({ path, maxBytes: 1e9, maxAge: 1e9, sync: "process" });
    const first = spools();
    const spool = first.open("H", silentLog);
    for (let batch = 0; batch < BATCHES; batch++) {
      spool.store(
        names.map((one, index) => ({
          series: one,
          value: batch * PER_BATCH + index,
          timestamp: 1_700_000_000 + batch,
        })),
      );
    }
    spool.close();
    first.close();
    const what = damage(join(path, "H.db"), round % 3 === 2 ? "cut" : "flip");

    const got = new Set<string>();
    const clock = createFakeClock();
    const again = spools();
    const saved: SavedLedger = {
      collected: total,
      delivered: 0,
      retries: 0,
      resent: 0,
      dropped: {} as SavedLedger["dropped"],
      queued: 0,
      spooled: total,
      unconfirmed: 0,
      unsettled: 0,
      clean: true,
    };
    const worker = createWorker({
      name: "H",
      receipt: "application",
      sink: {
        write(batch: readonly Metric[]) {
          for (const { series: { path }, value, timestamp } of batch) {
            got.add(`${path} ${value} ${timestamp}`);
          }
          return Promise.resolve();
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      },
      options: delivery,
      spools: again,
      saved,
      clock,
      log: silentLog,
      random: () => 1,
    });
    worker.flushSpool();
    for (let turn = 0; turn < 20 && worker.spooled > 0; turn++) await clock.advance(15_000);
    const missing = imbalance(worker.ledger, worker.queued, worker.spooled);
    await worker.stop(1);
    again.close();
    const told = worker.ledger.dropped.damaged;
    delivered += got.size;
    if (got.size === total) untouched++;
    for (let batch = 0; batch < BATCHES; batch++) {
      for (let index = 0; index < PER_BATCH; index++) {
        got.delete(`servers.web1.m${index} ${batch * PER_BATCH + index} ${1_700_000_000 + batch}`);
      }
    }
    const say = (problem: string) => problems.push(`damage ${round} (${what}): ${problem}`);
    if (got.size > 0) say(`delivered what was never collected: ${[...got][0]}`);
    if (missing !== 0) say(`the ledger is out by ${missing}`);
    if (worker.ledger.delivered + told !== total) {
      say(`${worker.ledger.delivered} delivered and ${told} damaged of ${total}`);
    }
  }
  console.log(
    `  ${damages} damaged files of ${total} points: ${
      (100 * delivered / damages / total).toFixed(1)
    } % ` +
      `delivered, ${untouched} without any loss, the rest in the ledger`,
  );
  return problems;
}

function mounted(path: string, options: string): boolean {
  mkdirSync(path, { recursive: true });
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path]).status === 0;
}

/** The agent with a spool where nothing, or soon nothing more, can be written. */
async function unwritable(
  directory: string,
  procfs: string,
  kind: "full" | "read-only",
): Promise<string[]> {
  const base = join(directory, kind);
  const spool = join(base, "spool");
  if (!mounted(spool, kind === "full" ? "size=1m" : "size=1m,ro")) {
    return [`${kind}: cannot mount: root is needed`];
  }
  try {
    const port = await freePort();
    const plan = planAgent({
      directory: base,
      procfs,
      handlers: { GraphiteHandler: `host = 127.0.0.1\nport = ${port}` },
    });
    const running = plan.start();
    await until("it collects", () => plan.lines().length > 0);
    await sleep(25_000);
    const during = plan.lines().length;
    const status = JSON.parse(agent(["status", "-c", plan.config, "--json"]).stdout);
    const handler = status.handlers.find(({ name }: { name: string }) =>
      name === "GraphiteHandler"
    );
    const server = await receiver(port);
    await sleep(18_000);
    const code = await running.end();
    await server.drain();
    const { collected, lost } = compare(plan.lines(), server.lines);
    await server.close();
    console.log(
      `  spool ${kind}: after 25 s ${handler.spooled} points on disk, ${handler.queued} in memory; ` +
        `${collected} collected in all, ${lost.length} lost`,
    );
    const problems = complaints(running.output());
    if (code !== 0) problems.push(`exit status ${code}`);
    if (during < 10 * points) problems.push("it did not run on");
    if (handler.queued === 0) problems.push("nothing was kept in memory");
    if (lost.length > 0) problems.push(`lost: ${lost[0]}`);
    if (!/its spool: .*(full|readonly|read-only|unable to open)/i.test(running.output())) {
      problems.push("the log does not name it");
    }
    return problems.map((text) => `${kind}: ${text}`);
  } finally {
    spawnSync("umount", [spool]);
  }
}

await fault("disk", async (directory) => {
  const host = growingHost(directory, points);
  const problems = await Promise.all([
    damaged(directory),
    unwritable(directory, host.procfs, "full"),
    unwritable(directory, host.procfs, "read-only"),
  ]);
  host.stop();
  return problems.flat();
});
