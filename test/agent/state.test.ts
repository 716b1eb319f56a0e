import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { createAgent } from "../../src/agent/agent.ts";
import { createScheduler } from "../../src/agent/scheduler.ts";
import type { CollectorRunner } from "../../src/agent/runner_contract.ts";
import { NO_SAVED_STATE, readState } from "../../src/agent/state.ts";
import { type CommonValues, counter, defineCollector } from "../../src/core/collector.ts";
import { Cursor } from "../../src/core/cursor.ts";
import { undelivered } from "../../src/core/errors.ts";
import { defineHandler } from "../../src/core/handler.ts";
import type { Host } from "../../src/ports/host.ts";
import type { Metric } from "../../src/core/metric.ts";
import { createPipeline } from "../../src/delivery/pipeline.ts";
import { createFakeClock, type FakeClock } from "../harness/fake_clock.ts";
import { recordedLog } from "../harness/recorded_log.ts";
import { commonDefaults, deliveryDefaults } from "../harness/defaults.ts";

/** A machine that goes on while agents come and go; `boot` is its boot id. */
function machine() {
  const clock = createFakeClock();
  const kept = { text: undefined as string | undefined };
  const state = {
    boot: "b1",
    bootedAt: clock.now() - 100_000,
    counter: 1000,
    rss: 50e6,
    garbage: 0,
    reclaimed: 0,
    settled: 0,
  };
  const store = {
    path: "state.json",
    read: () => kept.text,
    write: (text: string) => void (kept.text = text),
  };
  /** The monotonic clock of each process begins anew. */
  const host = () => {
    const born = clock.monotonic();
    return {
      clock: { ...clock, monotonic: () => clock.monotonic() - born },
      system: "linux",
      cpus: 1,
      fs: {
        tryRead: (path: string) =>
          path === "/proc/uptime"
            ? Cursor.of(`${(clock.now() - state.bootedAt) / 1000} 0`)
            : Cursor.of(`${state.boot}\n`),
      },
      names: { hostname: () => "h", fqdn: () => Promise.resolve("h") },
      self: {
        pid: 1,
        rss: () => state.rss + state.garbage,
        cpu: () => 1,
        reclaim() {
          state.reclaimed++;
          state.garbage = 0;
        },
        dropCompiledCode: () => void state.settled++,
      },
    } as unknown as Host;
  };
  return { clock, state, store, kept, host };
}

type Machine = ReturnType<typeof machine>;

function agentOn({ clock, state, store, host }: Machine, away = { is: false }) {
  const got: Metric[] = [];
  const log = recordedLog();
  const agent = createAgent({ host: host(), log, random: () => 1, state: store });
  const plugin = defineCollector({
    name: "C",
    doc: "",
    path: "c",
    options: {},
    metrics: { n: counter("", 2) },
    collect: ({ emit }) => void emit("n", state.counter),
  });
  const handler = defineHandler({
    name: "H",
    doc: "",
    receipt: "application",
    options: {},
    open: () => ({
      write(batch) {
        if (away.is) return Promise.reject(undelivered("away"));
        got.push(...batch);
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  });
  const start = (options: Partial<CommonValues> = {}) =>
    agent.start({
      server: { self_metrics: "off", stop_timeout: 1, max_memory: 100e6 },
      collectors: [{
        section: "C",
        collector: plugin,
        options: {
          ...commonDefaults,
          path: "c",
          interval: 10,
          stagger_collection: false,
          ...options,
        },
        origins: new Map(),
      }],
      handlers: [{ section: "H", handler, options: deliveryDefaults }],
    });
  const stop = async () => {
    const stopped = agent.stop();
    await clock.advance(10_000);
    await stopped;
  };
  return { agent, got, log, start, stop };
}

/** A counter that grows by 5 a second, through two lives of the agent. */
async function restarted(change: (box: Machine) => void, options: Partial<CommonValues> = {}) {
  const box = machine();
  const grow = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      box.state.counter += 5;
      await box.clock.advance(1000);
    }
  };
  const first = agentOn(box);
  await first.start(options);
  await grow(25);
  await first.stop();
  await grow(20);
  change(box);
  const second = agentOn(box);
  await second.start(options);
  await box.clock.runDue();
  const values = second.got.map(({ value }) => Math.round(value * 100) / 100);
  const ledger = second.agent.status().handlers[0];
  await second.stop();
  return { values, ledger, log: second.log };
}

describe("a restart", () => {
  it("makes no gap in rates, and no spike", async () => {
    // 10 of the 30 seconds pass in the stop, in which nothing grows.
    const { values, ledger } = await restarted(() => {});
    equal(values.length, 1);
    ok(values[0] > 2 && values[0] <= 5, `${values[0]} a second`);
    deepEqual([ledger.collected, ledger.delivered, ledger.imbalance], [3, 3, 0]);
  });

  it("knows a reboot, a reset counter, an old state, and Diamond's arithmetic", async () => {
    const reboot = await restarted(({ state }) => (state.boot = "b2"));
    deepEqual(reboot.values, []);
    deepEqual(reboot.ledger.collected, 2, "but the ledger goes on");
    deepEqual((await restarted(({ state }) => (state.counter = 3))).values, []);
    deepEqual(
      (await restarted(({ kept }) => {
        kept.text = kept.text!.replace(/"kept":\d+/, '"kept":1');
      })).values,
      [],
    );
    deepEqual((await restarted(() => {}, { rates: "diamond" })).values, [0]);
  });

  it("begins anew where the state cannot be read, and says so", async () => {
    for (const text of ["", "{", "null", '{"format":7}', '"x"']) {
      const { values, log } = await restarted(({ kept }) => (kept.text = text));
      deepEqual(values, []);
      ok(log.lines.some((line) => line.includes("state.json")), text);
    }
    deepEqual(readState(undefined, "", machine().host(), recordedLog()), NO_SAVED_STATE);
  });
});

describe("the agent's memory", () => {
  it("is relieved before it is over its bound", async () => {
    const box = machine();
    const away = { is: true };
    const { agent, start, stop, log } = agentOn(box, away);
    await start({ interval: 1 });
    await box.clock.advance(20_000);
    equal(agent.status().handlers[0].queued, 20);
    box.state.rss = 95e6;
    await box.clock.advance(6000);
    const { queued, dropped, imbalance } = agent.status().handlers[0];
    ok(dropped.memory > 0 && queued < 20, `${queued} wait, ${dropped.memory} dropped`);
    equal(imbalance, 0);
    ok(box.state.settled > 0);
    ok(log.lines.some((line) => line.includes("max_memory")));
    await stop();
  });

  it("is looked through when the start is over, from time to time, and where it has grown", async () => {
    const box = machine();
    const { start, stop } = agentOn(box, { is: false });
    const { state, clock } = box;
    await start({ interval: 1 });
    const seen = () => [state.settled, state.reclaimed];
    await clock.advance(8000);
    deepEqual(seen(), [0, 0]);
    await clock.advance(20_000);
    deepEqual(seen(), [2, 0]);
    state.garbage = 1e6;
    await clock.advance(250_000);
    deepEqual(seen(), [2, 0]);
    await clock.advance(40_000);
    deepEqual(seen(), [2, 1]);
    state.garbage = 30e6;
    await clock.advance(5000);
    deepEqual(seen(), [2, 1], "not at once");
    await clock.advance(10_000);
    deepEqual(seen(), [2, 2]);
    // What is in use does not go, and is no reason to look again and again.
    await clock.advance(70_000);
    state.rss += 30e6;
    await clock.advance(200_000);
    deepEqual(seen(), [2, 3]);
    await clock.advance(300_000);
    deepEqual(seen(), [2, 4]);
    await stop();
  });

  it("is looked through by an agent that goes on when that fails", async () => {
    const box = machine();
    const { start, stop, log, got } = agentOn(box, { is: false });
    await start({ interval: 1 });
    await box.clock.advance(4000);
    Object.defineProperty(box.state, "rss", {
      get() {
        throw new Error("no memory here");
      },
    });
    await box.clock.advance(10_000);
    ok(log.lines.some((line) => line.includes("look after itself")), log.lines.join());
    ok(got.length > 10);
    await stop();
  });
});

describe("status", () => {
  it("tells what is degraded, and what to do", async () => {
    const box = machine();
    const away = { is: false };
    const { agent, start, stop } = agentOn(box, away);
    await start({ interval: 1 });
    await box.clock.advance(5000);
    deepEqual(agent.status().degraded, []);
    away.is = true;
    await box.clock.advance(5000);
    const { handlers: [handler], degraded } = agent.status();
    deepEqual(degraded, ["H cannot deliver"]);
    equal(handler.state, "failing");
    ok(handler.error!.count > 1 && handler.error!.last > handler.error!.first);
    ok(handler.error!.advice.length > 10);
    away.is = false;
    await box.clock.advance(60_000);
    deepEqual(agent.status().degraded, []);
    await stop();
  });
});

describe("the schedule", () => {
  const scheduled = (clock: FakeClock & { shift: number }, interval: number) => {
    const runs: number[] = [];
    const skipped = { slots: 0 };
    const runner = {
      name: "C",
      interval,
      offset: 0,
      run(timestamp: number) {
        runs.push(timestamp);
        return { metrics: [], error: undefined };
      },
      skip: (slots: number) => void (skipped.slots += slots),
    } as unknown as CollectorRunner;
    const shifted = { ...clock, now: () => clock.now() + clock.shift };
    const scheduler = createScheduler([runner], createPipeline([]), shifted, recordedLog());
    scheduler.start();
    return { runs, skipped, scheduler };
  };

  for (const interval of [1, 10, 300]) {
    for (const shift of [-3_600_000, 3_600_000, -400_000, -1500, 700]) {
      it(`every ${interval} s, a clock that is set by ${shift / 1000} s makes no burst and no stall`, async () => {
        const clock = Object.assign(createFakeClock(), { shift: 0 });
        const { runs, skipped, scheduler } = scheduled(clock, interval);
        await clock.advance(3 * interval * 1000);
        const before = runs.length;
        clock.shift = shift;
        // A clock that is set is noticed at the next wake-up, a minute away at most.
        await clock.advance(Math.max(2 * interval, 60 + interval) * 1000);
        const after = runs.length - before;
        const most = Math.max(2 * interval, 60 + interval) / interval + 1;
        ok(after >= 1 && after <= most, `${after} runs`);
        const slots = Math.floor(shift / 1000 / interval);
        if (slots > 1) ok(skipped.slots >= slots - 1, `${skipped.slots} slots skipped of ${slots}`);
        await scheduler.stop(0);
      });
    }
  }
});
