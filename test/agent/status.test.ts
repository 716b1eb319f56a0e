import { deepEqual, equal, match, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { adviceForCollector, adviceForHandler } from "../../src/agent/advice.ts";
import { createCollectorRunner } from "../../src/agent/collector_runner.ts";
import { collectorStatus } from "../../src/agent/collector_status.ts";
import { createLosses } from "../../src/agent/losses.ts";
import { destinationOf } from "../../src/agent/destination.ts";
import { ownCollectors, type SelfMetrics } from "../../src/agent/self_metrics.ts";
import { type CommonValues, defineCollector, gauge } from "../../src/core/collector.ts";
import type { Context } from "../../src/core/collector.ts";
import { badData, noData, undelivered } from "../../src/core/errors.ts";
import type { Worker } from "../../src/delivery/worker.ts";
import { newLedger } from "../../src/delivery/ledger.ts";
import type { Host } from "../../src/ports/host.ts";
import { createFakeClock } from "../harness/fake_clock.ts";
import { recordedLog } from "../harness/recorded_log.ts";
import { commonDefaults } from "../harness/defaults.ts";

/** A collector that does what the test says, and how it is after so many runs. */
function collector(act: (context: Context) => void, options: Partial<CommonValues> = {}) {
  const clock = createFakeClock();
  const log = recordedLog();
  let runs = 0;
  const plugin = defineCollector({
    name: "C",
    doc: "",
    path: "c",
    options: {},
    metrics: { n: gauge("") },
    collect(context) {
      runs++;
      act(context as unknown as Context);
    },
  });
  const settings = {
    section: "C",
    collector: plugin,
    options: { ...commonDefaults, path: "c", interval: 10, ...options },
  };
  const host = { clock, cpus: 1 } as unknown as Host;
  const runner = createCollectorRunner(settings, "h", 0, host, log);
  const started = clock.now();
  return {
    log,
    runs: () => runs,
    async after(times: number) {
      for (let run = 0; run < times; run++) {
        await runner.run(clock.now() / 1000);
        await clock.advance(10_000);
      }
      return collectorStatus(runner, clock.now(), started);
    },
    clock,
    runner,
  };
}

const publish = ({ emit }: Context) => void (emit as (name: string, value: number) => void)("n", 1);

describe("a collector's state", () => {
  it("is ok once it publishes, with the times of its runs", async () => {
    const one = collector(publish);
    equal((await one.after(0)).state, "waiting");
    const { state, time, error } = await one.after(3);
    deepEqual([state, error], ["ok", undefined]);
    ok(time!.min <= time!.mean && time!.mean <= time!.max);
  });

  it("is no data where it has never published, after the two runs that a rate needs", async () => {
    const one = collector(() => {});
    equal((await one.after(1)).state, "waiting");
    const { state, error } = await one.after(1);
    equal(state, "no data");
    equal(error!.message, "Its runs publish nothing");
  });

  it("is no data where it has stopped, since its last point", async () => {
    let silent = false;
    const one = collector((context) => silent || publish(context));
    const { lastPublished } = await one.after(2);
    silent = true;
    equal((await one.after(2)).state, "ok");
    const { state, error } = await one.after(1);
    deepEqual([state, error!.first], ["no data", lastPublished]);
    silent = false;
    equal((await one.after(1)).state, "ok");
  });

  it("its own time is nothing that it has published", async () => {
    const one = collector(() => {}, { measure_collector_time: true });
    equal((await one.after(2)).state, "no data");
  });

  it("tells the last error that the collector logged itself", async () => {
    const one = collector(({ log }) => log.error("C: cannot log in at db1"));
    const { state, error, logged } = await one.after(3);
    deepEqual([state, error!.message, logged!.message], [
      "no data",
      "cannot log in at db1",
      "cannot log in at db1",
    ]);
    ok(one.log.lines.includes("error C: cannot log in at db1"));
  });

  for (
    const [what, failure] of [
      ["says so", noData("connection refused by 127.0.0.1:11211")],
      [
        "is refused a connection",
        undelivered("cannot get http://127.0.0.1:1/", "ECONNREFUSED"),
      ],
      ["has no socket", undelivered("cannot ask /run/x.sock", "no such socket")],
      [
        "is refused one in Python",
        badData("line 14: ConnectionRefusedError: [Errno 111] Connection refused"),
      ],
    ] as const
  ) {
    it(`a source that ${what} is no data: tried at each interval, logged once`, async () => {
      const one = collector(() => {
        throw failure;
      });
      const { state, error } = await one.after(20);
      deepEqual([state, one.runs(), error!.count], ["no data", 20, 20]);
      match(error!.message, /refused|no such socket/i);
      match(error!.advice, /nothing listens there/);
      equal(one.log.lines.filter((line) => /^(info|warn|error)/.test(line)).length, 1);
    });
  }

  it("is failing where one of several servers is away and the others' points are there", async () => {
    const one = collector((context) => {
      publish(context);
      throw noData("connection refused by b:1");
    });
    const { state, error } = await one.after(3);
    deepEqual([state, error!.message, one.runs()], ["failing", "connection refused by b:1", 3]);
  });

  it("is ok at a limit, which it names: what is over it is counted, and logged once", async () => {
    const what = 'more than max_names = 1, with "b"';
    const one = collector((context) => {
      publish(context);
      context.leaveOut(3, what);
    });
    const { state, error, leftOut, crowd } = await one.after(20);
    deepEqual([state, error, leftOut], ["ok", undefined, 60]);
    match(`${crowd!.message}; ${crowd!.advice}`, /max_names = 1, with "b"; find what makes/);
    equal(one.log.lines.filter((line) => /^(info|warn|error)/.test(line)).length, 1);
  });

  it("is no data where a limit leaves out all of it, with what to do about the limit", async () => {
    const one = collector(({ leaveOut }) => leaveOut(3, "more than max_names = 1"));
    const { state, error } = await one.after(20);
    deepEqual([state, error!.message], ["no data", "more than max_names = 1"]);
    match(error!.advice, /raise the limit/);
  });

  it("is no data where its runs do not come any more", async () => {
    const one = collector(publish);
    await one.after(2);
    await one.clock.advance(100_000);
    equal(collectorStatus(one.runner, one.clock.now(), 0).state, "no data");
  });
});

describe("advice", () => {
  const error = (message: string, code?: "bad-data" | "no-data" | "timeout" | "undelivered") =>
    ({ message, code, first: 0, last: 0, count: 1 }) as const;

  it("a defect of the agent's own is reported, one of a plugin is its owner's", () => {
    match(adviceForCollector("failing", error("x is undefined"), undefined), /report it/);
    match(adviceForCollector("failing", error("odd", "bad-data"), undefined), /report it/);
    match(
      adviceForCollector("failing", error("cannot ask /gone: no such file", "no-data"), undefined),
      /its section names/,
    );
    const plugin = adviceForCollector("failing", error("NameError: x", "bad-data"), "/c/x.py");
    match(plugin, /\/c\/x\.py/);
    ok(!plugin.includes("report"));
  });

  it("follows what the system said", () => {
    match(adviceForCollector("failing", error("EACCES: permission denied"), "/c/x.py"), /right/);
    match(adviceForCollector("failing", error("late", "timeout"), "/c/x.py"), /collect_timeout/);
    match(adviceForCollector("no data", error("No /proc/x"), undefined), /enabled = False/);
    const said: [string, RegExp][] = [
      ["cannot ask 10.0.0.5:389: its certificate is signed by itself: is it in ca?", /authority/],
      ["10.0.0.5:389 says: invalid credentials", /user and password/],
      ["http://10.0.0.5:8080/ answers 403", /user and password/],
      ['10.0.0.5:2181 answers mntr with "-ERR unknown"', /another one/],
      ["http://10.0.0.5/ does not answer with JSON: x", /another one/],
      ["10.0.0.5:389 closes the connection without an answer", /another one/],
    ];
    for (const [message, advice] of said) {
      match(adviceForCollector("failing", error(message, "bad-data"), undefined), advice);
    }
    const ill = adviceForCollector("failing", error("reset by its peer", "undelivered"), undefined);
    match(ill, /its log/);
    for (
      const message of [
        "10.0.0.5:1883 refuses the login: not authorized (135)",
        'cannot write to the topic "diamond" at 10.0.0.5:9092: not authorized: allow this user',
        "10.0.0.5:4222 says: 'Authorization Violation'",
      ]
    ) match(adviceForHandler(error(message, "undelivered")), /user and password/);
  });
});

describe("a handler's destination", () => {
  for (
    const [options, expected] of [
      [{ host: "10.0.0.5", port: 2003 }, "10.0.0.5:2003"],
      [{ host: "::1", port: 2003 }, "[::1]:2003"],
      [{ hostname: "db", port: 3306, socket: "/run/mysql.sock" }, "/run/mysql.sock"],
      [{ host: "s", udpport: 0, tcpport: 8125 }, "s:8125"],
      [{ url: "https://user:pa@ss@host/v1/write?token=abc#x" }, "https://host/v1/write"],
      [{ url: "http://host:8086/api" }, "http://host:8086/api"],
      [{ log_file: "/var/log/archive.log" }, "/var/log/archive.log"],
      [{ host: ["10.0.0.1"], port: 2003 }, "10.0.0.1:2003"],
      [{ brokers: ["k1", "k2:9093"] }, "k1, k2:9093"],
      [{ server: "mq", port: 5672, rmq_server: [], rmq_port: 1 }, "mq:5672"],
      [{ server: "mq", port: 5672, rmq_server: ["east"], rmq_port: 5673 }, "east:5673"],
      [{ server: "https://api.appenlight.com/" }, "https://api.appenlight.com/"],
      [{ dsn: "https://key@sentry/1" }, "https://sentry/1"],
      [{ basedir: "/var/lib/rrd" }, "/var/lib/rrd"],
      [{ host: "broker", port: 0 }, "broker"],
      [{}, undefined],
    ] as const
  ) {
    it(`${expected}`, () => equal(destinationOf(options), expected));
  }
});

describe("losses", () => {
  it("are recent for an hour, and those of an earlier start are not", () => {
    let now = 0;
    const losses = createLosses(() => now);
    losses.begin("H", 7);
    equal(losses.isRecent("H", 7), false);
    equal(losses.isRecent("H", 9), true);
    now = 3_599_000;
    equal(losses.isRecent("H", 9), true);
    now = 3_601_000;
    equal(losses.isRecent("H", 9), false);
    equal(losses.isRecent("H", 10), true);
    equal(losses.isRecent("other", 0), false);
  });
});

describe("the agent's own metrics", () => {
  const worker = (name: string) =>
    ({ name, ledger: newLedger(), queued: 1, spooled: 2, lag: 0.5 }) as unknown as Worker;

  /** The names that a run publishes, of an agent with so many parts. */
  async function names(
    selfMetrics: SelfMetrics,
    parts: number,
    act: (context: Context) => void = () => {},
  ) {
    const clock = createFakeClock();
    const self = { pid: 1, rss: () => 1, cpu: () => 1 };
    const host = { clock, self, cpus: 1 } as unknown as Host;
    const collectors = Array.from({ length: parts }, () => collector(act));
    for (const one of collectors) await one.after(1);
    const runners = collectors.map(({ runner }) => runner);
    const workers = Array.from({ length: parts }, (_, index) => worker(`H${index}`));
    const state = { selfMetrics, runners, workers, missing: [] };
    const figures = () => [{ name: "x", rss: 1, cpuSeconds: 1, restarts: 0 }];
    const [own] = Object.values(ownCollectors(() => state, figures));
    const options = {
      ...commonDefaults,
      path: "diamond",
      interval: 1,
      measure_collector_time: true,
    };
    const settings = { section: own.name, collector: own, options };
    const runner = createCollectorRunner(settings, "h", 0, host, recordedLog());
    const found = new Set<string>();
    for (let run = 0; run < 20; run++) {
      const { metrics } = await runner.run(clock.now() / 1000);
      for (const { series } of metrics) found.add(series.path);
      await clock.advance(1000);
    }
    return found;
  }

  it("lean: ten series, whatever runs", async () => {
    for (const parts of [1, 40]) equal((await names("lean", parts)).size, 10);
  });

  it("lean: what limits have left out, once there is something", async () => {
    const crowded = (context: Context) => context.leaveOut(3, "more than max_names = 1");
    ok((await names("lean", 1, crowded)).has("servers.h.diamond.left_out"));
  });

  it("full: those, and each part by name", async () => {
    const found = await names("full", 2);
    for (const name of ["delivered", "handlers.H1.delivered", "collectors.C.runs", "custom.rss"]) {
      ok(found.has(`servers.h.diamond.${name}`), name);
    }
  });
});
