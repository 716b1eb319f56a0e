import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { createAgent } from "../../src/agent/agent.ts";
import type { CollectorConfig } from "../../src/agent/agent_contract.ts";
import { createCollectorRunner } from "../../src/agent/collector_runner.ts";
import { createHostnameResolver, hostnameBy } from "../../src/agent/hostname.ts";
import { ownCollectors, type SelfMetrics } from "../../src/agent/self_metrics.ts";
import { createScheduler, staggerOffset, timestampOf } from "../../src/agent/scheduler.ts";
import {
  type AnyCollector,
  type CommonValues,
  type Context,
  defineCollector,
  gauge,
  HOSTNAME_METHODS,
  rate,
} from "../../src/core/collector.ts";
import { badData, noData, timedOut } from "../../src/core/errors.ts";
import { defineHandler } from "../../src/core/handler.ts";
import type { Host } from "../../src/ports/host.ts";
import type { Metric } from "../../src/core/metric.ts";
import { createPipeline } from "../../src/delivery/pipeline.ts";
import type { Worker } from "../../src/delivery/worker.ts";
import { createFakeClock, type FakeClock } from "../harness/fake_clock.ts";
import { recordedLog } from "../harness/recorded_log.ts";
import { commonDefaults, deliveryDefaults } from "../harness/defaults.ts";

/** A host of which the agent needs the clock and the names. */
function fakeHost(clock: FakeClock, fqdn = "web1.example.org", hostname = "web1.lan"): Host {
  return {
    clock,
    system: "linux",
    cpus: 1,
    names: { hostname: () => hostname, fqdn: () => Promise.resolve(fqdn) },
    exec: {
      run: ([, , command]: string[]) =>
        Promise.resolve({
          stdout: `${command.toUpperCase()}\n`,
          stderr: "",
          code: command === "fail" ? 1 : 0,
        }),
      find: () => undefined,
    },
    self: { pid: 1, rss: () => 1, cpu: () => 1, reclaim() {}, dropCompiledCode() {} },
  } as unknown as Host;
}

function partOf(collector: AnyCollector, options: Partial<CommonValues> = {}): CollectorConfig {
  return {
    section: collector.name,
    collector,
    options: { ...commonDefaults, path: collector.path, interval: 10, ...options },
    origins: new Map(),
  };
}

const metrics = { n: gauge("") };
/** The collector A, of one metric. */
const pluginA = (
  collect: (context: Context<Record<never, never>, typeof metrics>) => void | Promise<void>,
) => defineCollector({ name: "A", doc: "", path: "a", options: {}, metrics, collect });

const counting = (name: string, act: () => void | Promise<void> = () => {}) => {
  const collector = { runs: 0 };
  return Object.assign(collector, {
    plugin: defineCollector({
      name,
      doc: "",
      path: "c",
      options: {},
      metrics: { n: gauge("") },
      collect({ emit }) {
        emit("n", ++collector.runs);
        return act();
      },
    }),
  });
};

function collecting() {
  const got: Metric[] = [];
  let flushes = 0;
  const worker = {
    offer: (batch: readonly Metric[]) => void got.push(...batch),
    persist: () => {},
    flush: () => void flushes++,
  } as unknown as Worker;
  return { got, pipeline: createPipeline([worker]), flushes: () => flushes };
}

describe("scheduler", () => {
  it("runs at once, then once per slot at the offset, with the second that each run was due in", async () => {
    const clock = createFakeClock(1_700_000_003_000);
    const log = recordedLog();
    const { plugin } = counting("A");
    const runner = createCollectorRunner(partOf(plugin), "h", 4, fakeHost(clock), log);
    const { got, pipeline } = collecting();
    const scheduler = createScheduler([runner], pipeline, clock, log);
    scheduler.start();
    await clock.advance(40_000);
    deepEqual(got.map(({ timestamp }) => timestamp - 1_700_000_000), [3, 14, 24, 34]);
    await scheduler.stop(1);
    await clock.advance(60_000);
    equal(got.length, 4, "nothing after the stop");
  });

  it("collectors of one interval share their wake-ups, and a flush", async () => {
    const clock = createFakeClock();
    const log = recordedLog();
    const runners = ["A", "B", "C"].map((name) =>
      createCollectorRunner(partOf(counting(name).plugin), "h", 3, fakeHost(clock), log)
    );
    const { got, pipeline, flushes } = collecting();
    const scheduler = createScheduler(runners, pipeline, clock, log);
    scheduler.start();
    await clock.advance(25_000);
    deepEqual([got.length, flushes()], [9, 3]);
    await scheduler.stop(0);
  });

  it("a clock that is set back or forth costs one slot at most", async () => {
    let shift = 0;
    const base = createFakeClock();
    const clock = { ...base, now: () => base.now() + shift };
    const log = recordedLog();
    const { got, pipeline } = collecting();
    const scheduler = createScheduler(
      [createCollectorRunner(partOf(counting("A").plugin), "h", 0, fakeHost(base), log)],
      pipeline,
      clock,
      log,
    );
    scheduler.start();
    await base.advance(20_000);
    shift = -3_600_000;
    await base.advance(60_000);
    const before = got.length;
    await base.advance(30_000);
    ok(got.length >= before + 3, `${got.length - before} runs in 30 s after the step`);
    shift = 0;
    await base.advance(60_000);
    const later = got.length;
    await base.advance(30_000);
    ok(got.length >= later + 3);
    await scheduler.stop(0);
  });

  it("never runs a collector twice at once", async () => {
    const clock = createFakeClock();
    const log = recordedLog();
    let running = 0;
    let most = 0;
    const { plugin } = counting("A", async () => {
      most = Math.max(most, ++running);
      await clock.sleep(25_000);
      running--;
    });
    const runner = createCollectorRunner(
      partOf(plugin, { collect_timeout: 5 }),
      "h",
      0,
      fakeHost(clock),
      log,
    );
    const { pipeline } = collecting();
    const scheduler = createScheduler([runner], pipeline, clock, log);
    scheduler.start();
    await clock.advance(100_000);
    equal(most, 1);
    ok(runner.record.skipped > 0);
    equal(runner.record.runs, runner.record.failures);
    await scheduler.stop(0);
  });

  it("knows slots and offsets", () => {
    const every10 = { interval: 10, offset: 7 };
    equal(timestampOf(every10, 1_700_000_003_999, true), 1_700_000_003, "at once, at the start");
    equal(timestampOf(every10, 1_700_000_007_000), 1_700_000_007);
    equal(timestampOf(every10, 1_700_000_008_900), 1_700_000_007, "late by two seconds");
    equal(timestampOf({ interval: 0.5, offset: 0 }, 1_700_000_009_700), 1_700_000_009);
    equal(staggerOffset("web1", 1), 0);
    equal(staggerOffset("web1", 60), staggerOffset("web1", 60));
    const spread = new Set(
      Array.from({ length: 500 }, (_, index) => staggerOffset(`web${index}`, 60)),
    );
    ok(spread.size > 50, `${spread.size} of 60 seconds are used`);
  });
});

describe("collection", () => {
  const run = async (plugin: AnyCollector, options: Partial<CommonValues> = {}) => {
    const clock = createFakeClock();
    const log = recordedLog();
    const runner = createCollectorRunner(partOf(plugin, options), "h", 0, fakeHost(clock), log);
    return { clock, log, runner, outcome: await runner.run(1000) };
  };

  it("keeps what was published before a failure", async () => {
    const { outcome, runner, log } = await run(
      counting("A", () => {
        throw badData("half a file");
      }).plugin,
    );
    deepEqual([outcome.metrics.length, runner.record.failures, runner.trouble?.message], [
      1,
      1,
      "half a file",
    ]);
    deepEqual(log.lines, ["error A: half a file"]);
  });

  it("no data is said once, and not as an error", async () => {
    const { runner, log } = await run(
      counting("A", () => {
        throw noData("not here");
      }).plugin,
    );
    await runner.run(1010);
    deepEqual(log.lines, ["info A finds no data: not here", "debug A finds no data: not here"]);
  });

  it("does not back off while something is published", async () => {
    const half = counting("A", () => {
      throw badData("one line of many");
    });
    const { runner } = await run(half.plugin);
    for (let slot = 0; slot < 20; slot++) await runner.run(slot);
    deepEqual([half.runs, runner.record.skipped, runner.trouble?.count], [21, 0, 21]);
  });

  it("backs off from a collector that fails on and on", async () => {
    const broken = counting("A");
    const { runner } = await run({
      ...broken.plugin,
      collect() {
        broken.runs++;
        throw new Error("defect");
      },
    });
    for (let slot = 0; slot < 99; slot++) await runner.run(slot);
    ok(broken.runs < 25, `${broken.runs} runs of 100`);
    equal(runner.record.runs + runner.record.skipped, 100);
  });

  it("says at the deadline what the collector waited for, where it knows", async () => {
    const clock = createFakeClock();
    const plugin = pluginA(async ({ signal }) => {
      await clock.sleep(1e6, signal);
      throw timedOut("10.0.0.5:11211 did not answer in time");
    });
    const runner = createCollectorRunner(partOf(plugin), "h", 4, fakeHost(clock), recordedLog());
    const pending = runner.run(1000);
    await clock.advance(6001);
    const { error } = await pending;
    equal((error as Error).message, "10.0.0.5:11211 did not answer in time");
  });

  it("ends a run at its deadline, with a signal", async () => {
    let aborted = false;
    const clock = createFakeClock();
    const plugin = pluginA(async ({ emit, signal }) => {
      emit("n", 1);
      await clock.sleep(1e6, signal);
      aborted = signal.aborted;
      emit("n", 2);
    });
    const runner = createCollectorRunner(partOf(plugin), "h", 4, fakeHost(clock), recordedLog());
    const pending = runner.run(1000);
    await clock.advance(6001);
    const { metrics, error } = await pending;
    deepEqual([metrics.map(({ value }) => value), (error as Error).message], [
      [1],
      "The run took longer than 6 s",
    ]);
    await clock.runDue();
    equal(aborted, true);
    const second = runner.run(1010);
    await clock.advance(6001);
    deepEqual(
      (await second).metrics.map(({ value }) => value),
      [1],
      "a late value is not in the next run",
    );
  });

  it("measures its time where it is asked to", async () => {
    const { outcome } = await run(counting("A").plugin, { measure_collector_time: true });
    deepEqual(outcome.metrics.map(({ series }) => series.path), [
      "servers.h.c.n",
      "servers.h.c.collector_time_ms",
    ]);
  });

  it("tells of values that are no numbers, and counts them", async () => {
    const plugin = pluginA(({ emit }) => void emit("n", 0 / 0));
    const { runner, log } = await run(plugin);
    equal(runner.record.refused, 1);
    deepEqual(log.lines, ["error A: servers.h.a.n is NaN: no number to publish"]);
  });
});

describe("hostname methods", () => {
  const host = fakeHost(createFakeClock());
  const expected: Record<string, string | null> = {
    smart: "web1",
    fqdn_short: "web1",
    fqdn: "web1_example_org",
    fqdn_rev: "org.example.web1",
    uname_short: "web1",
    uname_rev: "lan.web1",
    hostname: "web1.lan",
    hostname_short: "web1",
    hostname_rev: "lan.web1",
    shell: "NAME",
    none: null,
  };
  for (const method of HOSTNAME_METHODS) {
    it(method, async () => equal(await hostnameBy(method, host, "name"), expected[method]));
  }

  it("smart does without a name of the resolver's", async () => {
    equal(
      await hostnameBy("smart", fakeHost(createFakeClock(), "localhost", "real.lan"), ""),
      "real",
    );
  });

  it("a written hostname stands, but for shell; a name is found once", async () => {
    const resolver = createHostnameResolver(host);
    equal(await resolver.resolve({ hostname: "a.b", hostname_method: "fqdn" }, true), "a.b");
    equal(await resolver.resolve({ hostname: "x", hostname_method: "shell" }, true), "X");
    await rejects(
      resolver.resolve({ hostname: "fail", hostname_method: "shell" }, true),
      /"fail".*ended with 1/,
    );
    await rejects(
      resolver.resolve({ hostname: "", hostname_method: "shell" }, false),
      /needs the command/,
    );
  });
});

/** A handler that gives each batch to the test. */
function takingHandler(take: (batch: readonly Metric[]) => void, opened = () => {}) {
  return defineHandler({
    name: "H",
    doc: "",
    receipt: "none",
    options: {},
    open() {
      opened();
      return {
        write(batch) {
          take(batch);
          return Promise.resolve();
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    },
  });
}

describe("agent", () => {
  it("reloads: what has not changed keeps its rates and its queue", async () => {
    const clock = createFakeClock();
    const log = recordedLog();
    let opened = 0;
    const values: number[] = [];
    const handler = takingHandler(
      (batch) => values.push(...batch.map(({ value }) => value)),
      () => void opened++,
    );
    let total = 0;
    let disposed = 0;
    const rated = defineCollector({
      name: "R",
      doc: "",
      path: "r",
      options: {},
      metrics: { n: rate("") },
      prepare: () => ({ [Symbol.dispose]: () => void disposed++ }),
      collect({ emit }) {
        emit("n", total += 100);
      },
    });
    const agent = createAgent({ host: fakeHost(clock), log: log, random: () => 1 });
    const server = { self_metrics: "off" as const, stop_timeout: 5, max_memory: 1e9 };
    const handlers = [{ section: "H", handler, options: deliveryDefaults }];
    await agent.start({
      server,
      handlers,
      collectors: [partOf(rated, { stagger_collection: false })],
    });
    await clock.advance(10_000);
    deepEqual(values, [10]);

    const other = counting("O");
    const changes = await agent.reload({
      server,
      handlers,
      collectors: [partOf(rated, { stagger_collection: false }), partOf(other.plugin)],
    });
    deepEqual([changes, opened, disposed], [["collector O is new"], 1, 0]);
    await clock.advance(10_000);
    ok(values.filter((value) => value === 10).length >= 2, "the rate goes on, and its phase");

    const gone = await agent.reload({ server, handlers, collectors: [] });
    deepEqual([gone, disposed], [["collector R is gone", "collector O is gone"], 1]);
    const stopped = agent.stop();
    await clock.advance(10_000);
    await stopped;
  });

  it("publishes its own books, unless it is told not to", async () => {
    const clock = createFakeClock();
    const agent = createAgent({ host: fakeHost(clock), log: recordedLog(), random: () => 1 });
    const names: string[] = [];
    const handler = takingHandler((batch) => names.push(...batch.map(({ series }) => series.name)));
    const own = partOf(Object.values(ownCollectors(() => agent.state()))[0]);
    const settings = (self_metrics: SelfMetrics) => ({
      server: { self_metrics, stop_timeout: 1, max_memory: 1e9 },
      handlers: [{ section: "H", handler, options: deliveryDefaults }],
      collectors: [own, partOf(counting("A b.c").plugin)],
    });
    await agent.start(settings("full"));
    await clock.advance(30_000);
    for (const name of ["collectors.A_b_c.runs", "handlers.H.dropped.overflow", "process.rss"]) {
      ok(names.includes(name), name);
    }
    names.length = 0;
    await agent.reload(settings("off"));
    await clock.advance(30_000);
    deepEqual([...new Set(names)], ["n"]);
  });

  it("finds the host's name anew at a reload", async () => {
    const clock = createFakeClock();
    let name = "old";
    const host = {
      ...fakeHost(clock),
      names: { hostname: () => name, fqdn: () => Promise.resolve(name) },
    } as Host;
    const agent = createAgent({ host: host, log: recordedLog(), random: () => 1 });
    const paths: string[] = [];
    const handler = takingHandler((batch) => paths.push(...batch.map(({ series }) => series.path)));
    const settings = {
      server: { self_metrics: "off" as const, stop_timeout: 1, max_memory: 1e9 },
      handlers: [{ section: "H", handler, options: deliveryDefaults }],
      collectors: [partOf(counting("A").plugin)],
    };
    await agent.start(settings);
    await clock.advance(1000);
    name = "new";
    deepEqual(await agent.reload(settings), ["collector A has changed"]);
    await clock.advance(1000);
    deepEqual(paths, ["servers.old.c.n", "servers.new.c.n"]);
  });
});
