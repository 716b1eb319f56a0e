import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { refused, undelivered } from "../../src/core/errors.ts";
import { type DeliveryValues, type Sink } from "../../src/core/handler.ts";
import type { Metric } from "../../src/core/metric.ts";
import { imbalance, type SavedLedger } from "../../src/delivery/ledger.ts";
import { createWorker } from "../../src/delivery/worker.ts";
import { decodeBatch, encodeBatch } from "../../src/formats/spool_batch.ts";
import { createSpools, listSpools, lookInto } from "../../src/platform/spool/spools.ts";
import { openDatabase } from "../../src/platform/runtime/sqlite.ts";
import { temporary } from "../harness/agent_process.ts";
import { createFakeClock } from "../harness/fake_clock.ts";
import { metric, series } from "../harness/metrics.ts";
import { recordedLog, silentLog } from "../harness/recorded_log.ts";
import { deliveryDefaults } from "../harness/defaults.ts";

const { path: directory, remove } = temporary();
after(remove);
let folders = 0;
const folder = () => join(directory, `${folders++}`);
const spoolsIn = (path: string, maxBytes = 1e9, maxAge = 1e9) =>
  createSpools({ path, maxBytes, maxAge, sync: "process" });

const defaults = {
  ...deliveryDefaults,
  spool_rate: 0,
};

const names = Array.from({ length: 5000 }, (_, index) => series(`m${index}`));
/** Metrics with the values from `from` on. */
const range = (from: number, count: number): Metric[] =>
  Array.from({ length: count }, (_, index) => ({
    series: names[(from + index) % names.length],
    value: from + index,
    timestamp: 1_700_000_000 + from,
  }));
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

type Mood = "take" | "refuse" | "silent" | ((batch: readonly Metric[]) => void);

/** `transport`: its sink knows of a line, which a test breaks. */
function setUp(
  options: Partial<DeliveryValues> = {},
  {
    path = folder(),
    saved = undefined as SavedLedger | undefined,
    transport = false,
    ordered = false,
  } = {},
) {
  const clock = createFakeClock();
  const log = recordedLog();
  const line = { isBroken: false, isAcknowledged: true, closesBroken: false };
  const sink = {
    mood: "take" as Mood,
    taken: [] as number[],
    writes: 0,
    async write(batch: readonly Metric[]) {
      sink.writes++;
      if (sink.mood === "silent") await new Promise<void>(() => {});
      if (sink.mood === "refuse") throw undelivered("away");
      if (typeof sink.mood === "function") sink.mood(batch);
      sink.taken.push(...batch.map(({ value }) => value));
    },
    watch: transport
      ? {
        broken() {
          const isBroken = line.isBroken;
          line.isBroken = false;
          return isBroken ? { error: undelivered("it broke"), answered: false } : undefined;
        },
        get written(): number {
          return sink.writes;
        },
        read: (): number => line.isAcknowledged ? sink.writes : 0,
      }
      : undefined,
    [Symbol.asyncDispose]() {
      line.isBroken ||= line.closesBroken;
      return Promise.resolve();
    },
  };
  const spools = spoolsIn(path);
  const worker = createWorker({
    name: "H",
    sink: sink satisfies Sink,
    receipt: transport ? "transport" : "application",
    ordered,
    options: { ...defaults, ...options },
    spools,
    saved,
    clock,
    log,
    random: () => 1,
  });
  const tick = async (from: number, count: number) => {
    worker.offer(range(from, count));
    worker.persist();
    worker.flush();
    await clock.runDue();
    closes();
  };
  const closes = () =>
    equal(imbalance(worker.ledger, worker.queued, worker.spooled), 0, "the ledger balances");
  return { clock, log, line, sink, worker, path, spools, tick, closes };
}

/** The same handler after the agent was started again. */
function again(before: ReturnType<typeof setUp>, clean: boolean, options = {}) {
  const saved = before.worker.saved(clean);
  before.spools.close();
  return setUp(options, { path: before.path, saved });
}

describe("a peer whose connections end before anything is confirmed", () => {
  it("is told how long they last, where that is for seconds", async () => {
    for (const seconds of [5, 1]) {
      const { worker, line, clock, tick } = setUp({ resend_seconds: 10 }, { transport: true });
      for (let connection = 0; connection < 4; connection++) {
        for (let second = 0; second < seconds; second++) {
          await tick(10 * connection + second, 1);
          await clock.advance(1000);
        }
        line.isBroken = true;
        await tick(10 * connection + 9, 1);
      }
      const { message = "" } = worker.trouble ?? {};
      match(message, /times in a row: it looks like the port of another protocol/);
      equal(/set resend_seconds to half of the 5 s that a/.test(message), seconds === 5, message);
    }
  });
});

describe("a suspect that has read what it was sent without a sign of it", () => {
  it("gets another batch after a while, and is well when it shows that it has read that", async () => {
    const { worker, sink, line, clock, tick } = setUp({ resend_seconds: 10 }, { transport: true });
    for (let connection = 0; connection < 3; connection++) {
      await tick(10 * connection, 5);
      line.isBroken = true;
      await tick(10 * connection + 5, 5);
    }
    line.isAcknowledged = false;
    await clock.advance(15_000);
    const { writes } = sink;
    for (let second = 0; second < 30; second++) {
      await tick(100 + second, 1);
      await clock.advance(1000);
    }
    const more = sink.writes - writes;
    ok(more >= 1 && more <= 3, `${more} more, not one a second`);
    equal(worker.trouble === undefined, false);
    line.isAcknowledged = true;
    await clock.advance(60_000);
    equal(worker.trouble, undefined);
  });
});

describe("a spool's worker", () => {
  it("stores what cannot be delivered, and delivers it when it can, in order", async () => {
    const { sink, worker, clock, tick, closes } = setUp();
    sink.mood = "refuse";
    for (let from = 0; from < 1000; from += 10) await tick(from, 10);
    deepEqual([worker.queued, worker.spooled], [0, 1000]);
    sink.mood = "take";
    await clock.advance(60_000);
    deepEqual(sink.taken, numbers(0, 1000));
    deepEqual([worker.ledger.delivered, worker.spooled], [1000, 0]);
    closes();
  });

  it("sends new points first, and the others at their rate", async () => {
    const { sink, worker, clock, tick } = setUp({ spool_rate: 100, retry_max_interval: 1 });
    sink.mood = "refuse";
    // A batch of the spool has up to 2000 points; these are single ones.
    for (let from = 0; from < 4000; from += 2000) await tick(from, 2000);
    sink.mood = "take";
    await clock.advance(2000);
    equal(sink.taken.length, 2000, "the first batch may go at once");
    await tick(9000, 10);
    deepEqual(sink.taken.slice(2000), numbers(9000, 9010));
    equal(worker.spooled, 2000);
    await clock.advance(15_000);
    equal(worker.spooled, 2000, "2000 points at 100 a second take 20 s");
    await clock.advance(6000);
    equal(worker.spooled, 0);
  });

  it("keeps what is left at the stop, for the next start", async () => {
    const first = setUp();
    first.sink.mood = "refuse";
    await first.tick(0, 50);
    const stopped = first.worker.stop(5);
    await first.clock.advance(10_000);
    await stopped;
    deepEqual([first.worker.ledger.dropped.stopped, first.worker.spooled], [0, 50]);
    const second = again(first, true);
    equal(second.worker.spooled, 50);
    await second.tick(50, 50);
    await second.clock.advance(1000);
    deepEqual(second.sink.taken.toSorted((a, b) => a - b), numbers(0, 100));
    deepEqual([second.worker.ledger.collected, second.worker.ledger.delivered], [100, 100]);
    second.closes();
  });

  it("always: everything is on disk before it is sent, and a kill loses nothing", async () => {
    const first = setUp({ spool: "always" });
    first.sink.mood = "silent";
    await first.tick(0, 30);
    equal(listSpools(first.path)[0].points, 30);
    // A kill: nothing is closed, nothing is told.
    const second = again(first, false, { spool: "always" });
    await second.clock.advance(1000);
    deepEqual(second.sink.taken, numbers(0, 30));
    equal(second.worker.ledger.dropped.killed, 0);
    second.closes();
  });

  it("keeps the order where the backend wants it: what waits goes first", async () => {
    for (const spool of ["outage", "always"] as const) {
      const { sink, worker, clock, tick, closes } = setUp({ spool, spool_rate: 4000 }, {
        ordered: true,
      });
      sink.mood = "refuse";
      await tick(0, 10_000);
      sink.mood = "take";
      for (let from = 10_000; from < 20_000; from += 1000) {
        await tick(from, 1000);
        await clock.advance(1000);
      }
      await clock.advance(60_000);
      deepEqual(sink.taken, numbers(0, 20_000), spool);
      deepEqual([worker.queued, worker.spooled], [0, 0]);
      closes();
    }
  });

  it("counts what a kill took with the memory", async () => {
    const first = setUp();
    first.sink.mood = "silent";
    await first.tick(0, 30);
    const second = again(first, false);
    equal(second.worker.ledger.dropped.killed, 30);
    second.closes();
  });

  it("spills when its memory is full, and when the agent's is", async () => {
    const { sink, worker, tick, closes } = setUp({ queue_bytes: 64 * 100 });
    sink.mood = "silent";
    await tick(0, 90);
    await tick(90, 90);
    deepEqual([worker.queued, worker.spooled, worker.ledger.dropped.overflow], [90, 90, 0]);
    await tick(180, 5);
    worker.shedMemory();
    deepEqual([worker.queued, worker.spooled], [90, 95]);
    closes();
  });

  it("keeps in memory what the disk does not take, and tries again", async () => {
    const path = folder();
    writeFileSync(path, "a file where the folder should be");
    const { sink, worker, clock, log, tick, closes } = setUp({}, { path });
    sink.mood = "refuse";
    for (let from = 0; from < 50; from += 10) {
      await tick(from, 10);
      await clock.advance(3000);
    }
    deepEqual([worker.queued, worker.spooled], [50, 0]);
    equal(log.lines.filter((text) => text.startsWith("error H: its spool")).length, 1);
    sink.mood = "take";
    await clock.advance(60_000);
    deepEqual(sink.taken, numbers(0, 50));
    closes();
  });

  it("drops what is asked for, and what the file is too small for or too old, counted", async () => {
    const { sink, worker, tick, closes } = setUp();
    sink.mood = "refuse";
    await tick(0, 40);
    equal(worker.dropSpool(), 40);
    deepEqual([worker.ledger.dropped.operator, worker.spooled], [40, 0]);
    closes();
  });
});

describe("poison", () => {
  const bad = (value: number) => value % 100 === 42;
  const picky = (batch: readonly Metric[]) => {
    if (batch.some(({ value }) => bad(value))) throw refused("400 bad line");
  };

  it("is found and counted, and the rest is delivered", async () => {
    const { sink, worker, log, tick, closes } = setUp();
    sink.mood = picky;
    await tick(0, 500);
    deepEqual(sink.taken.toSorted((a, b) => a - b), numbers(0, 500).filter((n) => !bad(n)));
    deepEqual([worker.ledger.dropped.refused, worker.ledger.delivered], [5, 495]);
    ok(log.lines.some((text) => text.includes('"m42 42 1700000000"')), log.lines.join("\n"));
    closes();
  });

  it("is found in the spool too", async () => {
    const { sink, worker, clock, tick, closes } = setUp();
    sink.mood = "refuse";
    await tick(0, 500);
    sink.mood = picky;
    await clock.advance(5000);
    deepEqual([worker.ledger.dropped.refused, worker.ledger.delivered, worker.spooled], [
      5,
      495,
      0,
    ]);
    closes();
  });

  it("a backend that goes away half-way gets the rest later, and nothing twice", async () => {
    const { sink, clock, tick, closes } = setUp();
    let writes = 0;
    sink.mood = (batch) => {
      if (++writes === 4) throw undelivered("gone");
      picky(batch);
    };
    await tick(0, 500);
    await clock.advance(20_000);
    deepEqual(sink.taken.toSorted((a, b) => a - b), numbers(0, 500).filter((n) => !bad(n)));
    closes();
  });

  it("a backend that refuses everything is waited for, a while", async () => {
    const { sink, worker, clock, tick, closes } = setUp({ retry_max_interval: 1 });
    sink.mood = () => {
      throw refused("400 wrong path");
    };
    await tick(0, 500);
    await clock.advance(500);
    equal(worker.ledger.dropped.refused, 0);
    ok(sink.writes < 300, `${sink.writes} writes`);
    sink.mood = "take";
    await clock.advance(5000);
    deepEqual(sink.taken.toSorted((a, b) => a - b), numbers(0, 500));
    closes();
  });
});

describe("receipts of a transport", () => {
  it("after a break the last seconds are sent again, and only they", async () => {
    const { sink, line, worker, clock, tick, closes } = setUp({}, { transport: true });
    for (let from = 0; from < 200; from += 10) {
      await tick(from, 10);
      await clock.advance(1000);
    }
    const { delivered } = worker.ledger;
    deepEqual([delivered >= 70, delivered + worker.ledger.unconfirmed], [true, 200]);
    line.isBroken = true;
    sink.taken.length = 0;
    await tick(200, 10);
    const first = Math.min(...sink.taken);
    ok(first >= 70 && first <= 100, `from ${first} on`);
    deepEqual(sink.taken, numbers(first, 210));
    equal(worker.ledger.resent, 200 - first);
    ok(worker.ledger.delivered >= delivered, "what is counted is never taken back");
    closes();
  });

  it("what the peer has not acknowledged stays", async () => {
    const { sink, line, clock, tick } = setUp({}, { transport: true });
    line.isAcknowledged = false;
    for (let from = 0; from < 400; from += 10) {
      await tick(from, 10);
      await clock.advance(1000);
    }
    line.isBroken = true;
    sink.taken.length = 0;
    await tick(400, 10);
    deepEqual(sink.taken, numbers(0, 410));
  });

  it("resend_seconds = 0: nothing is sent again", async () => {
    const { sink, line, tick } = setUp({ resend_seconds: 0 }, { transport: true });
    await tick(0, 10);
    line.isBroken = true;
    await tick(10, 10);
    deepEqual(sink.taken, numbers(0, 20));
  });

  it("a close that is not in order leaves the last seconds for the next start", async () => {
    const { line, worker, clock, tick, closes } = setUp({}, { transport: true });
    await tick(0, 10);
    line.closesBroken = true;
    const stopped = worker.stop(5);
    await clock.advance(10_000);
    await stopped;
    deepEqual([worker.ledger.delivered, worker.spooled], [0, 10]);
    closes();
  });

  it("a close that does not end in time leaves them too", async () => {
    const { sink, worker, clock, tick, closes } = setUp({}, { transport: true });
    await tick(0, 10);
    sink[Symbol.asyncDispose] = () => new Promise<void>(() => {});
    const stopped = worker.stop(5);
    await clock.advance(10_000);
    await stopped;
    deepEqual([worker.ledger.delivered, worker.spooled], [0, 10]);
    closes();
  });

  it("spooled batches stay in the file until they are settled", async () => {
    const { sink, line, worker, clock, tick, closes } = setUp({}, { transport: true });
    sink.mood = "refuse";
    await tick(0, 10);
    sink.mood = "take";
    await clock.advance(2000);
    deepEqual([worker.ledger.unconfirmed, worker.spooled, sink.taken.length], [10, 0, 10]);
    line.isBroken = true;
    await tick(10, 10);
    await clock.advance(1000);
    deepEqual(sink.taken.length, 30);
    for (let from = 20; from < 200; from += 10) {
      await tick(from, 10);
      await clock.advance(1000);
    }
    const { delivered, unconfirmed, resent } = worker.ledger;
    deepEqual([delivered + unconfirmed, resent], [200, 10]);
    closes();
  });
});

describe("a spool's file", () => {
  const filled = (path: string, batches = 10) => {
    const spools = spoolsIn(path);
    const spool = spools.open("H", silentLog);
    for (let batch = 0; batch < batches; batch++) spool.store(range(batch * 10, 10));
    return { spools, spool };
  };

  /** Reads and settles until there is nothing left. */
  const drained = (path: string) => {
    const spools = spoolsIn(path);
    const spool = spools.open("H", silentLog);
    const values: number[] = [];
    for (let batch = spool.read(50); batch !== undefined; batch = spool.read(50)) {
      values.push(...batch.metrics.map(({ value }) => value));
      spool.ack(batch.ids);
    }
    const found = { values, damaged: spool.takeDamaged(), points: spool.points };
    equal(found.points, 0);
    spool.close();
    spools.close();
    return found;
  };

  it("is removed when it is empty", () => {
    const path = folder();
    const { spools, spool } = filled(path, 1);
    equal(spools.exists("H"), true);
    spool.ack(spool.read(100)!.ids);
    spool.close();
    equal(spools.exists("H"), false);
    deepEqual(readdirSync(path), ["lock.db"]);
    spools.close();
  });

  it("gives back every field", () => {
    const { spools, spool } = filled(folder(), 0);
    const points: Metric[] = [
      metric("a b.ü", -0.1, 1_700_000_000.5, {
        labels: { device: "sda" },
        unit: "byte",
        host: null,
      }),
      { ...metric("c", 2, 1), raw: 2 ** 53 },
      { ...metric("c", 3, 2), raw: 18_446_744_073_709_551_615n },
    ];
    spool.store(points);
    deepEqual(spool.read(10)!.metrics, points);
    spool.close();
    spools.close();
  });

  it("gives everything when a flipped bit puts a row out of its order", () => {
    const original = folder();
    const { spools, spool } = filled(original, 30);
    spool.close();
    spools.close();
    const bytes = readFileSync(join(original, "H.db"));
    const page = bytes.readUInt16BE(16);
    let repaired = 0;
    // Rows of the table lie on its leaves: each cell has the row's length, its number, its columns.
    for (let start = 0; start < bytes.length; start += page) {
      if (bytes[start] !== 0x0d) continue;
      for (let cell = 0; cell < bytes.readUInt16BE(start + 3); cell++) {
        const at = start + bytes.readUInt16BE(start + 8 + 2 * cell);
        const number = at + (bytes[at] < 0x80 ? 1 : 2);
        if (bytes[number] !== 12) continue;
        for (let bit = 0; bit < 7; bit++) {
          const path = folder();
          mkdirSync(path);
          const damaged = Uint8Array.from(bytes);
          damaged[number] ^= 1 << bit;
          writeFileSync(join(path, "H.db"), damaged);
          const found = drained(path);
          const values = new Set(found.values);
          // A series without its number is lost, and counted; a batch is not.
          equal(values.size + found.damaged, 300, `bit ${bit} of the number at ${number}`);
          equal(values.size, found.values.length);
          if (values.size === 300) repaired++;
        }
      }
    }
    ok(repaired >= 7, `${repaired} times everything was there`);
  });

  it("is bounded in size and age, the oldest go", () => {
    const path = folder();
    const small = createSpools({ path, maxBytes: 2_500_000, maxAge: 1e9, sync: "process" });
    const spool = small.open("H", silentLog);
    let gone = 0;
    for (let batch = 0; batch < 200; batch++) {
      spool.store(range(batch, 2000).map((one) => ({ ...one, value: Math.random() })));
      gone += spool.trim().full;
      ok(spool.bytes <= 2_500_000, `${spool.bytes} bytes`);
    }
    equal(spool.points + gone, 400_000);
    equal(spool.read(1)!.metrics[0].timestamp, 1_700_000_000 + gone / 2000);
    spool.close();
    small.close();
    const aged = createSpools({ path, maxBytes: 1e9, maxAge: 3600, sync: "power" });
    const old = aged.open("H", silentLog);
    equal(old.trim().expired, 400_000 - gone);
    old.close();
    aged.close();
  });

  it("has one agent", () => {
    const path = folder();
    const { spools, spool } = filled(path, 1);
    throws(() => spoolsIn(path).open("H", silentLog), /Another agent uses the spool/);
    throws(() => spools.open("H", silentLog));
    equal(lookInto(path, "H").points, 10, "but anybody may look");
    spool.close();
    spools.close();
    const next = spoolsIn(path);
    next.open("H", silentLog).close();
    next.close();
  });

  for (
    const [what, make, reason] of [
      ["no database", (path: string) => writeFileSync(path, "x".repeat(5000)), /not a database/],
      ["another program's database", (path: string) => {
        const db = openDatabase(path);
        db.exec("CREATE TABLE mine (a)");
        db.close();
      }, /not a spool of this program/],
      ["one with a view that never ends", (path: string) => {
        const db = openDatabase(path);
        db.exec(`PRAGMA application_id = 1145128787; CREATE TABLE series (id);
          CREATE VIEW batch AS WITH RECURSIVE loop(id) AS (VALUES(1) UNION ALL SELECT id FROM loop)
            SELECT id, id AS points, id AS oldest, id AS newest, id AS data FROM loop`);
        db.close();
      }, /triggers or views/],
      ["one with a trigger", (path: string) => {
        const db = openDatabase(path);
        db.exec(`PRAGMA application_id = 1145128787; CREATE TABLE series (id);
          CREATE TABLE batch (id); CREATE TRIGGER t AFTER DELETE ON batch BEGIN DELETE FROM series; END`);
        db.close();
      }, /triggers or views/],
      ["a newer version's", (path: string) => {
        const db = openDatabase(path);
        db.exec(
          "CREATE TABLE batch (a); PRAGMA application_id = 1145128787; PRAGMA user_version = 9",
        );
        db.close();
      }, /newer version/],
    ] as const
  ) {
    it(`${what} is put aside, and the agent goes on`, () => {
      const path = folder();
      mkdirSync(path);
      make(join(path, "H.db"));
      const log = recordedLog();
      const spools = spoolsIn(path);
      const spool = spools.open("H", log);
      spool.store(range(0, 5));
      equal(spool.points, 5);
      equal(readdirSync(path).filter((name) => name.includes("aside")).length, 1);
      ok(reason.test(log.lines.join()), log.lines.join());
      spool.close();
      spools.close();
    });
  }

  it("names of handlers may have anything", () => {
    const path = folder();
    const spools = spoolsIn(path);
    const name = "MultiGraphiteHandler [::1]:2003/ü";
    const spool = spools.open(name, silentLog);
    spool.store(range(0, 1));
    deepEqual(spools.handlers(), [name]);
    spool.close();
    spools.close();
  });
});

describe("a spooled batch", () => {
  it("is refused where its columns do not fit", () => {
    const known = () => series("a");
    for (const text of ["{}", "[]", "[[1],[2]]", "[[1],[2],[3,4]]", "[1,2,3]", "null"]) {
      throws(() => decodeBatch(text, known), text);
    }
    deepEqual(decodeBatch(encodeBatch([], () => 1), known), []);
  });

  it("leaves out what has no series any more", () => {
    const text = encodeBatch(range(0, 3), ({ path }) => Number(path.slice(1)));
    const found = decodeBatch(text, (number) => (number === 1 ? undefined : names[number]));
    deepEqual(found.map(({ value }) => value), [0, 2]);
  });
});
