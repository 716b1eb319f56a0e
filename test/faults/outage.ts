/**
 * A day without the backend in fast time, then its return: memory stays flat, everything is delivered
 * while new points arrive on time.
 *
 *     npm run long -- outage [--ticks 8640] [--points 1000]
 */

import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { deliveryOptions } from "../../src/core/handler.ts";
import type { Host } from "../../src/ports/host.ts";
import type { Metric } from "../../src/core/metric.ts";
import { imbalance } from "../../src/delivery/ledger.ts";
import { createWorker } from "../../src/delivery/worker.ts";
import graphite from "../../src/handlers/graphite.ts";
import { realClock } from "../../src/platform/clock.ts";
import { realNet } from "../../src/platform/net/network.ts";
import { createSpools } from "../../src/platform/spool/spools.ts";
import { endWithTests, freePort, until } from "../harness/agent_process.ts";
import { series } from "../harness/metrics.ts";
import { recordedLog } from "../harness/recorded_log.ts";
import { fault, flag, random, sleep } from "./fault.ts";
import { defaultsOf } from "../harness/defaults.ts";

const ticks = flag("ticks", 8640);
const points = flag("points", 1000);
const INTERVAL = 10;
const LIVE_SECONDS = 0.25;

/** Counts lines in a process of its own, so that neither slows the other down. */
const COUNTER = `
const { createServer } = require("node:net");
let lines = 0;
createServer((socket) => socket.on("data", (chunk) => {
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
})).listen(Number(process.argv[1]), "127.0.0.1");
setInterval(() => console.log(lines), 100);
`;

await fault("outage", async (directory) => {
  const port = await freePort();
  const log = recordedLog();
  const names = Array.from(
    { length: points },
    (_, index) => series(`servers.web1.part${index % 20}.metric${index}`, { precision: 2 }),
  );
  const values = names.map(() => random(0, 1000));
  const tick = (timestamp: number): Metric[] =>
    names.map((one, index) => ({
      series: one,
      value: values[index] += random(-1, 1),
      timestamp,
    }));
  const options = {
    ...defaultsOf({ ...deliveryOptions, ...graphite.options }),
    host: "127.0.0.1",
    port,
    spool_rate: 0,
    retry_max_interval: 1,
  };
  const host = { net: realNet, clock: realClock } as unknown as Host;
  const worker = createWorker({
    name: "GraphiteHandler",
    sink: graphite.open({ host, options: options as never, log }),
    receipt: "transport",
    options,
    spools: createSpools({
      path: join(directory, "spool"),
      maxBytes: 268_435_456,
      maxAge: 604_800,
      sync: "process",
    }),
    saved: undefined,
    clock: realClock,
    log,
    random: Math.random,
  });
  const rss = () => Math.round(process.memoryUsage.rss() / 1_048_576);
  const problems: string[] = [];
  const memory: number[] = [];
  const start = Math.floor(Date.now() / 1000) - ticks * INTERVAL;

  for (let now = 0; now < ticks; now++) {
    worker.offer(tick(start + now * INTERVAL));
    worker.flush();
    await new Promise((resolve) => setImmediate(resolve));
    if (now === 200 || now === ticks >> 1 || now === ticks - 1) {
      (globalThis as { Bun?: { gc(force: boolean): void } }).Bun?.gc(true);
      memory.push(rss());
    }
  }
  console.log(
    `  outage: ${ticks} ticks of ${points} points, RSS ${
      memory.join(", ")
    } MB at start, middle, end; ` +
      `${worker.spooled} points spooled in ${Math.round(worker.spoolBytes / 1_048_576)} MB`,
  );
  if (memory[2] > memory[0] * 1.25 + 8) problems.push("memory is not flat");
  if (worker.spooled + worker.queued !== ticks * points) problems.push("points are missing");

  const counter = spawn(process.execPath, ["-e", COUNTER, String(port)], {
    env: {},
    stdio: ["ignore", "pipe", "inherit"],
  });
  endWithTests(counter);
  let received = 0;
  counter.stdout.on("data", (text) => (received = Number(String(text).trim().split("\n").at(-1))));
  const backlog = worker.spooled;
  const began = realClock.monotonic();
  const lags: number[] = [];
  let live = 0;
  while (worker.spooled > 0 && realClock.monotonic() - began < 600_000) {
    const at = Date.now() / 1000;
    worker.offer(tick(at));
    worker.flush();
    live++;
    await sleep(LIVE_SECONDS * 1000);
    if (worker.trouble === undefined && worker.lag !== undefined) lags.push(worker.lag);
  }
  const seconds = (realClock.monotonic() - began) / 1000;
  lags.sort((a, b) => a - b);
  console.log(
    `  return: ${backlog} points drained in ${seconds.toFixed(1)} s, ${
      Math.round(backlog / seconds)
    } points/s; lag of live points ${lags[lags.length >> 1]?.toFixed(3)} s median, ${
      lags.at(-1)?.toFixed(3)
    } s at most; RSS ${rss()} MB`,
  );
  if ((lags.at(-1) ?? Infinity) > LIVE_SECONDS) problems.push("live points come late");
  await worker.stop(5);
  const wanted = (ticks + live) * points;
  await until("all has come", () => received >= wanted, 5).catch(() => {});
  counter.kill();
  const missing = imbalance(worker.ledger, worker.queued, worker.spooled);
  console.log(
    `  ledger: ${worker.ledger.collected} collected, ${worker.ledger.delivered} delivered, ` +
      `${worker.ledger.resent} sent again; the receiver counted ${received} lines`,
  );
  if (missing !== 0) problems.push(`the ledger is out by ${missing}`);
  if (received < wanted) problems.push(`${wanted - received} lines did not come`);
  if (received > wanted + worker.ledger.resent) problems.push("lines came more often than sent");
  return problems;
});
