/** Files on a file system that can hang: a process of its own works on them, and only it hangs. */

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Metric } from "../../src/core/metric.ts";
import { createFar, type Far } from "../../src/platform/far/far_process.ts";
import { hasPipes } from "../../src/platform/far/pipes.ts";
import { farSpools } from "../../src/platform/spool/far_spools.ts";
import { type SpoolAnswer, spoolForOthers } from "../../src/platform/spool/spool_wire.ts";
import { createSpools } from "../../src/platform/spool/spools.ts";
import { describeWith } from "../harness/describe_with.ts";
import { series } from "../harness/metrics.ts";
import { recordedLog } from "../harness/recorded_log.ts";

/** Answers with its own pid, hangs on some calls, ends with others, and says no to some. */
const SHELL = [
  "/bin/sh",
  "-c",
  'while read -r line; do case "$line" in *hang*) exec sleep 100;; *end*) exit;; ' +
  '*no*) echo \'{"error":{"message":"no such thing","code":"ENOENT"}}\';; *) echo "{\\"value\\":$$}";; esac; done',
];

const noPipes = hasPipes() ? false : "the runtime has no pipes with a deadline";

describeWith("the process that works on files", noPipes, () => {
  function far(answers = () => Promise.resolve(true)) {
    const silences: Promise<void>[] = [];
    const made = createFar({
      point: "/net",
      command: SHELL,
      patience: 1000,
      answers,
      silent: (over) => silences.push(over),
    });
    return { far: made, silences };
  }

  it("stays the same while it answers, and its errors are those of the call", () => {
    const { far: one } = far();
    const pid = one.call("pid");
    equal(one.call("pid", "a longer text ".repeat(6000)), pid);
    throws(() => one.call("no"), { message: "no such thing", code: "ENOENT" });
    equal(one.generation, 1);
  });

  it("costs its deadline when it hangs, once, until the file system answers again", async () => {
    let answers = false;
    const { far: one, silences } = far(() => Promise.resolve(answers));
    const pid = one.call("pid");
    const began = performance.now();
    throws(() => one.call("hang"), /the file system at "\/net" does not answer \(since \d\d:/);
    const took = performance.now() - began;
    ok(took >= 900 && took < 5000, `${took} ms`);
    const again = performance.now();
    for (let call = 0; call < 100; call++) throws(() => one.call("pid"), /does not answer/);
    ok(performance.now() - again < 200);
    equal(silences.length, 1);
    answers = true;
    await silences[0];
    ok(one.call("pid") !== pid);
    equal(one.generation, 2);
  });

  it("that ends is started again", () => {
    const { far: one } = far();
    const pid = one.call("pid");
    throws(() => one.call("end"), /the process that works on files in "\/net"/);
    ok(one.call("pid") !== pid);
  });
});

/** The other process, in this one: it can be lost, with everything that it had made. */
function farHere() {
  // deno-lint-ignore no-explicit-any
  type Calls = Record<string, (...args: any[]) => unknown>;
  let made: Calls[] = [];
  let generation = 0;
  let silent = false;
  let running = false;
  let loses = "";
  const keep = (calls: Calls) => made.push(calls);
  const functions: Calls = {
    spools(folder: Parameters<typeof createSpools>[0]) {
      const spools = createSpools(folder);
      return keep({
        exists: (handler: string) => spools.exists(handler),
        close: () => spools.close(),
        open: (handler: string) => spoolForOthers(spools.open(handler, recordedLog()), [], keep),
      });
    },
  };
  function lose(): void {
    for (const calls of made) calls.close();
    made = [];
    running = false;
    silent = true;
  }
  const far: Far = {
    get isRunning() {
      return running;
    },
    get generation() {
      return generation;
    },
    call: (call, ...args) => far.callOn(0, call, ...args),
    callOn(object, call, ...args) {
      if (silent) throw new Error("does not answer");
      if (!running) generation++;
      running = true;
      const { [call]: work } = object === 0 ? functions : made[object - 1];
      const result = JSON.parse(JSON.stringify({ result: work(...args) })).result;
      if (call !== loses) return result as SpoolAnswer;
      loses = "";
      lose();
      throw new Error("does not answer");
    },
  };
  return {
    far,
    lose,
    /** The next such call is carried out, but nobody learns of it. */
    loseAfter: (call: string) => void (loses = call),
    back: () => void (silent = false),
  };
}

const range = (from: number, count: number): Metric[] =>
  Array.from({ length: count }, (_, index) => ({
    series: series(`m${index}`),
    value: from + index,
    timestamp: 1_700_000_000 + from,
    raw: 10n ** 18n,
  }));
const valuesOf = (metrics: readonly Metric[] = []) => metrics.map(({ value }) => value);

describe("a spool in another process", () => {
  const folder = mkdtempSync(join(tmpdir(), "far-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let folders = 0;

  function open() {
    const there = farHere();
    const path = join(folder, `${folders++}`);
    mkdirSync(path);
    const spools = farSpools(there.far, { path, maxBytes: 1e9, maxAge: 1e9, sync: "process" });
    return { ...there, spools, spool: spools.open("H", recordedLog()) };
  }

  it("keeps what it is given", () => {
    const { spool, spools } = open();
    const batch = range(0, 3);
    spool.store(batch);
    spool.store(range(100, 2));
    equal(spool.points, 5);
    const { ids, metrics } = spool.read(3)!;
    deepEqual(metrics, batch);
    spool.ack(ids);
    equal(spool.points, 2);
    throws(() => spools.open("H", recordedLog()), { name: "Error" });
    spool.close();
    equal(spools.exists("H"), true);
  });

  it("that was lost settles what was delivered meanwhile, and reads nothing twice", () => {
    const { spool, lose, back } = open();
    for (let batch = 0; batch < 4; batch++) spool.store(range(batch * 10, 2));
    const first = spool.read(2)!;
    const second = spool.read(2)!;
    lose();
    spool.ack(first.ids);
    equal(spool.points, 6, "known at once");
    throws(() => spool.read(2), /does not answer/);
    throws(() => spool.store(range(90, 1)), /does not answer/);
    equal(spool.points, 6);
    back();
    deepEqual(valuesOf(spool.read(2)?.metrics), [20, 21], "not those that are on their way");
    spool.requeue(second.ids);
    deepEqual(valuesOf(spool.read(2)?.metrics), [10, 11]);
    equal(spool.points, 6);
    equal(spool.takeDamaged(), 0);
  });

  it("that was lost while it stored does not have the batch twice", () => {
    const { spool, back, loseAfter } = open();
    spool.store(range(0, 2));
    loseAfter("store");
    throws(() => spool.store(range(10, 2)), /does not answer/);
    back();
    spool.store(range(10, 2));
    equal(spool.points, 4);
    deepEqual(valuesOf(spool.read(100)?.metrics), [0, 1, 10, 11]);
    equal(spool.takeDamaged(), 0);
  });

  it("that cannot be reached says so, and is there when it can", () => {
    const { spools, lose, back } = open();
    lose();
    equal(spools.exists("other"), true, "nobody knows");
    throws(() => spools.open("other", recordedLog()), /cannot open the spool in/);
    back();
    const spool = spools.open("other", recordedLog());
    spool.store(range(0, 1));
    equal(spool.points, 1);
  });
});
