/**
 * Points of many agents through one handler to a real server, as fast as that takes them: `engine.ts HANDLER OPTIONS
 * POINTS`. Prints one line of JSON. The time ends when the server has confirmed all, or has read all and closed.
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import type { AnyHandler } from "../../src/core/handler.ts";
import type { Metric } from "../../src/core/metric.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { handlerDefaults } from "../../test/harness/defaults.ts";
import { series } from "../../test/harness/metrics.ts";
import { sleep } from "./processes.ts";
import { workerOf } from "./worker_of.ts";

/** Three hosts of the usual 350 series. */
const SERIES = 1000;
const MAX_WAITING = 20_000;
const MAX_SECONDS = 120;

const [name, settings, count] = process.argv.slice(2);
const points = Number(count);
const handler = (await handlers[name]()).default as AnyHandler;
const options = { ...handlerDefaults(handler), ...JSON.parse(settings), spool: "off" };
const [{ options: own }] = handler.expand?.(options) ?? [{ options }];
const worker = workerOf(handler, own);
const all = Array.from({ length: SERIES }, (_, at) => {
  const [host, item] = [`host${at % 3}`, `item${Math.floor(at / 3)}`];
  return series(`servers.${host}.bench.${item}`, {
    host,
    collector: "bench",
    name: item,
    pattern: "{item}",
    labels: { item },
  });
});
const ticks = points / SERIES;
const first = Math.floor(Date.now() / 1000) - ticks;

const cpuBefore = process.cpuUsage();
const started = performance.now();
for (let tick = 0; tick < ticks; tick++) {
  worker.offer(
    all.map((one, at): Metric => ({ series: one, value: at + tick, timestamp: first + tick })),
  );
  worker.flush();
  while (worker.queued > MAX_WAITING) await patience();
}
while (worker.queued > 0) await patience();
await worker.stop(MAX_SECONDS);
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const { delivered, dropped, retries } = worker.ledger;
if (delivered < points) throw new Error(`${name}: ${JSON.stringify({ delivered, dropped })}`);
const peak = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"))![1]);
console.log(JSON.stringify({
  perSecond: Math.round(points / seconds),
  microseconds: (user + system) / points,
  peak: peak / 1024,
  retries,
}));
process.exit(0);

/** Throws where the server takes too long, or is not there. */
async function patience(): Promise<void> {
  if (performance.now() - started > MAX_SECONDS * 1000) {
    throw new Error(
      `${name}: ${worker.queued} wait after ${MAX_SECONDS} s: ${worker.trouble?.message}`,
    );
  }
  await sleep(1);
}
