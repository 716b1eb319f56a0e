import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { type DeliveryValues, type Sink } from "../../src/core/handler.ts";
import type { Metric } from "../../src/core/metric.ts";
import { backoffSeconds } from "../../src/delivery/backoff.ts";
import { createColumnStore, metricsOf } from "../../src/delivery/columns.ts";
import { droppedTotal, imbalance } from "../../src/delivery/ledger.ts";
import { createPipeline } from "../../src/delivery/pipeline.ts";
import { BYTES_PER_METRIC, createQueue } from "../../src/delivery/queue.ts";
import { createWorker } from "../../src/delivery/worker.ts";
import { createFakeClock } from "../harness/fake_clock.ts";
import { metrics } from "../harness/metrics.ts";
import { recordedLog } from "../harness/recorded_log.ts";
import { deliveryDefaults } from "../harness/defaults.ts";

/** A sink that does what a test says: takes, refuses, or never answers. */
function scriptedSink() {
  const taken: number[] = [];
  const sink = {
    mood: "take" as "take" | "refuse" | "silent",
    taken,
    writes: 0,
    closed: 0,
    write(batch: readonly Metric[]) {
      sink.writes++;
      if (sink.mood === "silent") return new Promise<void>(() => {});
      if (sink.mood === "refuse") return Promise.reject(new Error("refused"));
      taken.push(...batch.map(({ value }) => value));
      return Promise.resolve();
    },
    [Symbol.asyncDispose]() {
      sink.closed++;
      return Promise.resolve();
    },
  };
  return sink satisfies Sink;
}

function setUp(options: Partial<DeliveryValues> = {}) {
  const clock = createFakeClock();
  const log = recordedLog();
  const sink = scriptedSink();
  const worker = createWorker({
    name: "X",
    sink,
    receipt: "application",
    spools: undefined,
    saved: undefined,
    options: { ...deliveryDefaults, ...options },
    clock,
    log,
    random: () => 1,
  });
  const closes = () =>
    equal(imbalance(worker.ledger, worker.queued, worker.spooled), 0, "the ledger closes");
  return { clock, log, sink, worker, closes };
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe("points in columns", () => {
  const store = createColumnStore();
  const counters = metrics(3).map((metric, at) =>
    at === 1 ? metric : { ...metric, raw: at === 0 ? 7 : 2n ** 64n }
  );

  it("come out as they went in", () => {
    deepEqual(metricsOf(store.keep(metrics(4))), metrics(4));
    deepEqual(metricsOf(store.keep(counters)), counters);
    deepEqual(metricsOf(store.keep([])), []);
  });

  it("have nothing of those that were there before", () => {
    const first = store.keep([...counters, ...metrics(4)]);
    store.giveBack(first);
    const second = store.keep(metrics(2));
    equal(second, first);
    deepEqual(metricsOf(second), metrics(2));
    store.giveBack(second);
    deepEqual(metricsOf(store.keep(metrics(500))), metrics(500));
  });
});

describe("worker", () => {
  it("delivers in order, and counts", async () => {
    const { clock, sink, worker, closes } = setUp();
    worker.offer(metrics(3));
    worker.flush();
    await clock.runDue();
    deepEqual(sink.taken, [0, 1, 2]);
    deepEqual([worker.ledger.collected, worker.ledger.delivered, worker.queued], [3, 3, 0]);
    closes();
  });

  it("waits for a batch, or for the end of a run", async () => {
    const { clock, sink, worker } = setUp({ batch: 3000 });
    worker.offer(metrics(2999));
    await clock.runDue();
    equal(sink.writes, 0);
    worker.offer(metrics(1));
    await clock.runDue();
    equal(sink.writes, 1);
    worker.offer(metrics(1));
    worker.flush();
    await clock.advance(1);
    equal(sink.writes, 2);
  });

  it("keeps everything while the backend is away, and says so once a period", async () => {
    const { clock, sink, worker, log, closes } = setUp({
      retry_max_interval: 8,
      server_error_interval: 60,
    });
    sink.mood = "refuse";
    for (let tick = 0; tick < 100; tick++) {
      worker.offer([metrics(tick + 1)[tick]]);
      worker.flush();
      await clock.advance(1000);
      closes();
    }
    equal(worker.queued, 100);
    ok(sink.writes < 20, `${sink.writes} writes: the back-off holds`);
    equal(log.lines.filter((line) => line.startsWith("error")).length, 2);
    sink.mood = "take";
    await clock.advance(10_000);
    deepEqual(sink.taken, range(0, 100));
    equal(worker.ledger.delivered, 100);
    equal(worker.ledger.retries, sink.writes - 1);
    closes();
  });

  it("gives a silent backend its deadline, and no more", async () => {
    const { clock, sink, worker, log, closes } = setUp({ timeout: 2 });
    sink.mood = "silent";
    worker.offer(metrics(2));
    worker.flush();
    await clock.advance(2400);
    equal(worker.ledger.retries, 1);
    ok(log.lines.some((line) => line.includes("within 2 s")));
    sink.mood = "take";
    await clock.advance(1000);
    deepEqual(sink.taken, [0, 1]);
    closes();
  });

  it("bounds its memory: the oldest go, counted", async () => {
    const most = 1024;
    const { clock, sink, worker, log, closes } = setUp({ queue_bytes: most * BYTES_PER_METRIC });
    sink.mood = "refuse";
    for (let round = 0; round < 4; round++) {
      worker.offer(metrics(500));
      worker.flush();
      await clock.runDue();
      closes();
    }
    equal(worker.queued, most);
    equal(worker.ledger.dropped.overflow, 2000 - most);
    equal(log.lines.filter((line) => line.includes("queue_bytes")).length, 1);
    closes();
  });

  it("honours the operator's backlog, in batches", async () => {
    const { clock, sink, worker, closes } = setUp({
      batch: 10,
      max_backlog_multiplier: 5,
      trim_backlog_multiplier: 4,
    });
    sink.mood = "refuse";
    worker.offer(metrics(60));
    worker.flush();
    await clock.advance(10);
    equal(worker.queued, 40);
    equal(worker.ledger.dropped.backlog, 20);
    closes();
    sink.mood = "take";
    await clock.advance(60_000);
    deepEqual(sink.taken, range(20, 60));
    closes();
  });

  it("flushes at the stop, and counts what is left", async () => {
    const working = setUp();
    working.sink.mood = "refuse";
    working.worker.offer(metrics(3));
    working.worker.flush();
    await working.clock.advance(100);
    working.sink.mood = "take";
    const stopped = working.worker.stop(5);
    await working.clock.advance(6000);
    await stopped;
    deepEqual([
      working.sink.taken.length,
      working.worker.ledger.dropped.stopped,
      working.sink.closed,
    ], [3, 0, 1]);
    working.closes();

    const dead = setUp();
    dead.sink.mood = "silent";
    dead.worker.offer(metrics(3));
    dead.worker.flush();
    await dead.clock.runDue();
    const ended = dead.worker.stop(5);
    await dead.clock.advance(7000);
    await ended;
    equal(dead.worker.ledger.dropped.stopped, 3);
    dead.worker.offer(metrics(2));
    equal(dead.worker.ledger.dropped.stopped, 5);
    dead.closes();
    equal(dead.log.lines.some((line) => line.includes("does not close")), false);
  });
});

describe("the last flush", () => {
  it("tries a backend that refuses now and then, not as fast as it can", async () => {
    const { clock, sink, worker, closes } = setUp();
    sink.mood = "refuse";
    worker.offer(metrics(3));
    worker.flush();
    await clock.runDue();
    const before = sink.writes;
    const stopped = worker.stop(5);
    await clock.advance(7000);
    await stopped;
    const tries = sink.writes - before;
    ok(tries > 5 && tries < 30, `${tries} tries in 5 s`);
    equal(worker.ledger.dropped.stopped, 3);
    closes();
  });
});

describe("pipeline", () => {
  it("a dead handler delays nobody", async () => {
    const dead = setUp();
    const alive = setUp();
    dead.sink.mood = "silent";
    const pipeline = createPipeline([dead.worker, alive.worker]);
    for (let run = 0; run < 3; run++) {
      pipeline.deliver(metrics(2));
      pipeline.flush();
      await alive.clock.runDue();
    }
    deepEqual(alive.sink.taken, [0, 1, 0, 1, 0, 1]);
    deepEqual([droppedTotal(dead.worker.ledger), dead.worker.queued], [0, 6]);
  });
});

describe("queue", () => {
  it("is first in, first out, through any mixture", () => {
    const queue = createQueue();
    let next = 0;
    let expected = 0;
    for (let round = 0; round < 2000; round++) {
      const batch = metrics(7).map((metric) => ({ ...metric, value: next++ }));
      queue.push(batch);
      if (round % 3 === 0) expected += queue.trim(queue.size - 1);
      for (const { value } of queue.take(round % 11)) equal(value, expected++);
    }
    equal(queue.size, next - expected);
  });
});

describe("back-off", () => {
  it("doubles up to its bound, with jitter below", () => {
    deepEqual([1, 2, 3, 10, 1000].map((failures) => backoffSeconds(failures, 30, () => 1)), [
      0.5,
      1,
      2,
      30,
      30,
    ]);
    equal(backoffSeconds(3, 30, () => 0), 1);
  });
});
