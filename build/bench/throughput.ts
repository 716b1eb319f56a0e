/**
 * A million points from the queue to a receiver, as fast as they go: `throughput.ts KIND PORT FOLDER`.
 * Prints one line of JSON. A process of its own for each kind, so that the memory is that kind's.
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import process from "node:process";
import type { AnyHandler } from "../../src/core/handler.ts";
import type { Metric } from "../../src/core/metric.ts";
import type { Worker } from "../../src/delivery/worker.ts";
import { lineEncoder } from "../../src/formats/graphite_line.ts";
import archive from "../../src/handlers/archive.ts";
import graphite from "../../src/handlers/graphite.ts";
import pickle from "../../src/handlers/graphite_pickle.ts";
import http from "../../src/handlers/http_post.ts";
import { createSpools } from "../../src/platform/spool/spools.ts";
import { series } from "../../test/harness/metrics.ts";
import { sleep } from "./processes.ts";
import { workerOf } from "./worker_of.ts";

const POINTS = 1_000_000;
const TICK_POINTS = 10_000;
/** Whoever offers waits while there are more than this in the queue. */
const MAX_WAITING = 100_000;
const [kind, port, folder] = process.argv.slice(2);

const all = Array.from(
  { length: TICK_POINTS },
  (_, at) =>
    series(`servers.testhost.collector${at % 20}.some.metric_${at}`, { precision: at % 3 }),
);
/** What is too old is not kept in a spool. */
const now = Math.floor(Date.now() / 1000) - POINTS / TICK_POINTS;
const tick = (time: number): Metric[] =>
  all.map((one, at) => ({
    series: one,
    value: at * 1.2345 + time,
    timestamp: now + time,
  }));

let done: number;
const started = performance.now();
if (kind === "formatted") {
  const encode = lineEncoder();
  for (let time = 0; time < POINTS / TICK_POINTS; time++) encode(tick(time));
  done = performance.now();
} else if (kind === "receiver") {
  // For HTTP: counts nothing, answers well.
  createServer((request, response) => request.on("data", () => {}).on("end", () => response.end()))
    .listen(Number(port), "127.0.0.1", () => console.log("ready"));
  await new Promise(() => {});
  done = 0;
} else if (kind === "spool") {
  const place = {
    path: join(folder, "spool"),
    maxBytes: 1e9,
    maxAge: 86_400,
    sync: "process",
  } as const;
  const spools = createSpools(place);
  const away = workerOf(graphite, { port: 1, spool: "outage" }, spools);
  for (let time = 0; time < POINTS / TICK_POINTS; time++) {
    away.offer(tick(time));
    away.flush();
    await sleep(0);
  }
  await away.stop(0.1);
  spools.close();
  const again = createSpools(place);
  const back = workerOf(graphite, {
    port: Number(port),
    spool: "outage",
    spool_rate: 0,
    resend_seconds: 0,
  }, again);
  const from = performance.now();
  await delivered(back);
  done = started + performance.now() - from;
  await back.stop(5);
  again.close();
} else {
  const [handler, more] = ({
    // What is kept to be sent again is bounded by queue_bytes, and the rest goes to the spool: see `spool`.
    plain: [graphite, { port: Number(port), resend_seconds: 0 }],
    pickle: [pickle, { port: Number(port), resend_seconds: 0 }],
    archive: [archive, { log_file: join(folder, "archive.log") }],
    http: [http, { url: `http://127.0.0.1:${port}/`, batch: TICK_POINTS }],
  } as Record<string, [AnyHandler, object]>)[kind];
  const worker = workerOf(handler, { ...more, spool: "off" });
  for (let time = 0; time < POINTS / TICK_POINTS; time++) {
    worker.offer(tick(time));
    worker.flush();
    while (worker.queued > MAX_WAITING) await sleep(0);
  }
  await delivered(worker);
  done = performance.now();
  await worker.stop(5);
}

const seconds = (done - started) / 1000;
const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"))![1];
console.log(
  JSON.stringify({ kind, perSecond: Math.round(POINTS / seconds), peak: Number(peak) / 1024 }),
);
process.exit(0);

/** Throws where points were lost: a benchmark that loses some measures nothing. */
async function delivered({ ledger }: Worker): Promise<void> {
  while (ledger.delivered < POINTS) {
    const lost = Object.entries(ledger.dropped).filter(([, count]) => count > 0);
    if (lost.length > 0) throw new Error(`${kind}: dropped ${lost.join(", ")}`);
    await sleep(1);
  }
}
