/**
 * A backend that refuses points: while it refuses everything, it is the backend that is at fault and nothing
 * is dropped; when others pass, it is the points.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { refused, undelivered } from "../../src/core/errors.ts";
import type { Sink } from "../../src/core/handler.ts";
import type { Metric } from "../../src/core/metric.ts";
import { imbalance } from "../../src/delivery/ledger.ts";
import { createWorker } from "../../src/delivery/worker.ts";
import { temporary } from "../harness/agent_process.ts";
import { createFakeClock } from "../harness/fake_clock.ts";
import { metrics } from "../harness/metrics.ts";
import { recordedLog } from "../harness/recorded_log.ts";
import { createSpools } from "../../src/platform/spool/spools.ts";
import { deliveryDefaults } from "../harness/defaults.ts";

/** A worker over a backend that does with each write what `judge` says: throws, or takes it. */
function setUp(judge: (values: readonly number[]) => void, ordered = false, hasSpool = true) {
  const { path, remove } = temporary();
  const clock = createFakeClock();
  const taken: number[] = [];
  let requests = 0;
  const sink = {
    write(batch: readonly Metric[]) {
      requests++;
      const values = batch.map(({ value }) => value);
      try {
        judge(values);
      } catch (error) {
        return Promise.reject(error);
      }
      taken.push(...values);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  } satisfies Sink;
  const worker = createWorker({
    name: "H",
    sink,
    receipt: "application",
    ordered,
    options: deliveryDefaults,
    spools: hasSpool
      ? createSpools({ path, maxBytes: 1e9, maxAge: 1e10, sync: "process" })
      : undefined,
    saved: undefined,
    clock,
    log: recordedLog(),
    random: () => 1,
  });
  let offered = 0;
  return {
    worker,
    taken,
    requests: () => requests,
    /** A tick a second of so many points. */
    async ticks(seconds: number, points: number) {
      for (let second = 0; second < seconds; second++) {
        worker.offer(metrics(offered + points).slice(offered));
        offered += points;
        worker.flush();
        await clock.advance(1000);
        equal(imbalance(worker.ledger, worker.queued, worker.spooled), 0);
      }
    },
    async end() {
      const stopped = worker.stop(1);
      await clock.advance(5000);
      await stopped;
      remove();
    },
  };
}

const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

describe("a backend that refuses everything", () => {
  for (
    const [name, ordered, hasSpool] of [
      ["gets new points first", false, true],
      ["wants them in order", true, true],
      ["has no spool", false, false],
    ] as const
  ) {
    it(`${name}: nothing is dropped, and few requests are made`, async () => {
      let isWrong = true;
      const backend = setUp(
        () => {
          if (isWrong) throw refused("400 from a proxy");
        },
        ordered,
        hasSpool,
      );
      await backend.ticks(25, 70);
      deepEqual([backend.worker.ledger.delivered, backend.worker.ledger.dropped.refused], [0, 0]);
      ok(backend.requests() < 250, `${backend.requests()} requests`);
      isWrong = false;
      await backend.ticks(60, 1);
      deepEqual(sorted(backend.taken), range(0, 25 * 70 + 60));
      equal(backend.worker.trouble, undefined);
      await backend.end();
    });
  }

  it("a single point that waits alone is not at fault", async () => {
    let isWrong = true;
    const backend = setUp(() => {
      if (isWrong) throw refused("413 too large");
    });
    await backend.ticks(1, 1);
    await backend.ticks(100, 0);
    deepEqual([backend.worker.spooled, backend.worker.ledger.dropped.refused], [1, 0]);
    isWrong = false;
    await backend.ticks(60, 0);
    deepEqual(backend.taken, [0]);
    await backend.end();
  });

  it("comes and goes: what it refuses in between is kept", async () => {
    let second = 0;
    const backend = setUp(() => {
      if (second % 10 < 6) throw refused("400 now and then");
    });
    for (; second < 120; second++) await backend.ticks(1, 10);
    second = 9;
    await backend.ticks(100, 0);
    deepEqual(sorted(backend.taken), range(0, 1200));
    await backend.end();
  });
});

describe("points that are refused while others pass", () => {
  const worst = (isBad: (value: number) => boolean) => (values: readonly number[]) => {
    if (values.some(isBad)) throw refused("400 bad points");
  };

  for (
    const [name, isBad] of [
      ["that stand together", (value: number) => value < 150],
      ["that are spread", (value: number) => value % 12 === 5],
      ["that are most of them", (value: number) => value % 10 !== 0],
    ] as const
  ) {
    it(`${name}: they alone are dropped`, async () => {
      const backend = setUp(worst(isBad));
      await backend.ticks(3, 300);
      await backend.ticks(60, 0);
      const good = range(0, 900).filter((value) => !isBad(value));
      deepEqual(sorted(backend.taken), good);
      equal(backend.worker.ledger.dropped.refused, 900 - good.length);
      await backend.end();
    });
  }

  for (const ordered of [false, true]) {
    it(`a whole batch, ${ordered ? "in" : "out of"} order: dropped once others have passed`, async () => {
      const backend = setUp(worst((value) => value < 300), ordered);
      await backend.ticks(1, 300);
      await backend.ticks(30, 10);
      await backend.ticks(90, 0);
      deepEqual(sorted(backend.taken), range(300, 600));
      equal(backend.worker.ledger.dropped.refused, 300);
      await backend.end();
    });
  }

  it("a backend that goes away while they are looked for gets them all again", async () => {
    let writes = 0;
    const backend = setUp((values) => {
      if (++writes === 3) throw undelivered("gone");
      if (values.includes(7)) throw refused("400");
    });
    await backend.ticks(1, 100);
    await backend.ticks(60, 0);
    deepEqual(sorted(backend.taken), range(0, 100).filter((value) => value !== 7));
    await backend.end();
  });
});
