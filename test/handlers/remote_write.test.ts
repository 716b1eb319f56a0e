import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { Failure } from "../../src/core/errors.ts";
import type { Host } from "../../src/ports/host.ts";
import type { Metric } from "../../src/core/metric.ts";
import { counterStarts } from "../../src/formats/counter_starts.ts";
import { seriesWriter } from "../../src/formats/remote_write.ts";
import handler from "../../src/handlers/prometheus_remote_write.ts";
import { realClock } from "../../src/platform/clock.ts";
import { realCodecs } from "../../src/platform/net/remote_write.ts";
import { realNet } from "../../src/platform/net/network.ts";
import { temporary, until } from "../harness/agent_process.ts";
import { handlerDefaults } from "../harness/defaults.ts";
import { run } from "../harness/delivering.ts";
import { describeWith } from "../harness/describe_with.ts";
import { metric, metrics } from "../harness/metrics.ts";
import { recordedLog } from "../harness/recorded_log.ts";
import {
  noProtoc,
  readRequest2,
  type Taken,
  type WriteAnswer,
  writeReceiver,
} from "../harness/remote_write_2.ts";

const { path: directory, remove } = temporary();
after(remove);

const isNew = ({ headers }: Taken) =>
  headers["content-type"] === "application/x-protobuf;proto=io.prometheus.write.v2.Request" &&
  headers["x-prometheus-remote-write-version"] === "2.0.0";

const counted = (raw: number, timestamp: number, sinceBoot = false): Metric => ({
  ...metric("c", 1, timestamp, { kind: "counter", sinceBoot }),
  raw,
});

/** The handler's sink at a receiver, and what it has logged. */
async function sinkTo(
  answer: (taken: Taken, number: number) => WriteAnswer,
  more: object = { protocol_version: "2" },
) {
  const receiver = await writeReceiver(answer);
  const log = recordedLog();
  let ahead = 0;
  const clock = { ...realClock, monotonic: () => realClock.monotonic() + ahead };
  const sink = handler.open({
    host: { net: realNet, codecs: realCodecs, clock, figures: { uptime: () => 100 } } as Host,
    options: {
      ...handlerDefaults(handler),
      url: `http://127.0.0.1:${receiver.port}/api/v1/write`,
      ...more,
    } as never,
    log,
  });
  return {
    ...receiver,
    log,
    pass: (seconds: number) => void (ahead += seconds * 1000),
    write: (batch: readonly Metric[]) => sink.write(batch, AbortSignal.timeout(5000)),
  };
}

describe("remote write 2.0", () => {
  it("goes to a receiver that counts what it writes, and to no other one", async () => {
    const { taken, write, log, close } = await sinkTo(() => ({ status: 204, written: 3 }));
    await write(metrics(3));
    deepEqual(taken.map(isNew), [true]);
    match(taken[0].headers["user-agent"]!, /^diamond-agent\/\d/);
    deepEqual(log.lines, []);
    close();
  });

  for (
    const [what, old] of [
      ["answers 415", { status: 415, body: "unsupported" }],
      ["cannot read it, as some of 1.0", { status: 400, body: "snappy" }],
      ["takes it for an empty message, as others", { status: 204 }],
    ] as const
  ) {
    it(`becomes 1.0 for a receiver that ${what}, and is tried again later`, async () => {
      const { taken, write, log, pass, close } = await sinkTo((one) =>
        isNew(one) ? old : { status: 204 }
      );
      await write(metrics(3));
      await write(metrics(3));
      deepEqual(taken.map(isNew), [true, false, false]);
      equal(taken[1].headers["content-type"], "application/x-protobuf");
      equal(taken[1].headers["x-prometheus-remote-write-version"], "0.1.0");
      match(log.lines.join(), /does not take remote write 2\.0: it gets 1\.0/);
      pass(3600);
      await write(metrics(3));
      deepEqual(taken.map(isNew), [true, false, false, true, false]);
      close();
    });
  }

  it("is about the points where 1.0 is not to be had", async () => {
    const { write, close } = await sinkTo((one) =>
      isNew(one) ? { status: 400, body: "too old" } : { status: 415 }
    );
    await rejects(async () => await write(metrics(3)), (error: Failure) => {
      equal(error.code, "refused");
      match(error.message, /answers 400: too old/);
      return true;
    });
    close();
  });

  it("is proposed where a receiver takes nothing else", async () => {
    const { write, close } = await sinkTo(() => ({ status: 415 }), {});
    await rejects(async () => await write(metrics(1)), /does not take remote write 1\.0; try/);
    close();
  });

  for (
    const [what, answer, points] of [
      ["a good answer", { status: 204, written: 7 }, 3],
      ["an error", { status: 400, written: 7, body: "out of order" }, 3],
      ["a good answer that took nothing", { status: 204, written: 0 }, 10],
      ["an error that took nothing", { status: 400, written: 0, body: "bad" }, 0],
    ] as const
  ) {
    it(`counts what was not written, by the header of ${what}`, async () => {
      const { write, close } = await sinkTo(() => answer);
      await rejects(async () => await write(metrics(10)), (error: Failure) => {
        equal(error.code, "refused");
        equal(error.points, points);
        if (points === 3) match(error.message, /out of order|has left out 3/);
        return true;
      });
      close();
    });
  }

  it("has delivered what an error says was written", async () => {
    const { write, taken, close } = await sinkTo(() => ({ status: 400, written: 10 }));
    await write(metrics(10));
    equal(taken.length, 1);
    close();
  });

  it("keeps a ledger of what was written", async () => {
    const receiver = await writeReceiver((_, number) => ({
      status: 204,
      written: number === 0 ? 7 : 10,
    }));
    const running = run(
      {
        name: "PrometheusRemoteWrite",
        handler,
        options: (host, port) => ({ url: `http://${host}:${port}/`, protocol_version: "2" }),
      },
      "127.0.0.1",
      receiver.port,
    );
    running.tick(10);
    await until("the first is taken", () => running.worker.ledger.delivered === 7);
    running.tick(10);
    await until("the second is taken", () => running.worker.ledger.delivered === 17);
    equal(running.worker.ledger.dropped.refused, 3);
    match(running.said(), /refuses 3 of 10 metrics for good.*answers 204: it has left out 3/);
    await running.worker.stop(1);
    receiver.close();
  });

  it("sends headers of the operator's, and keeps its own", async () => {
    const { taken, write, close } = await sinkTo(() => ({ status: 204, written: 1 }), {
      protocol_version: "2",
      headers: ["X-Scope-OrgID: team-a", "Content-Type: text/plain", "Content-Encoding: br"],
    });
    await write(metrics(1));
    equal(taken[0].headers["x-scope-orgid"], "team-a");
    equal(taken[0].headers["content-encoding"], "snappy");
    ok(isNew(taken[0]));
    close();
  });
});

describe("the start of a counter", () => {
  it("is the boot of a kernel's, and of others what was seen", () => {
    const startOf = counterStarts(() => 500);
    equal(startOf(counted(7, 1, true)), 500);
    equal(startOf(counted(7, 1)), undefined);
    equal(startOf(metric("gauge", 1)), undefined);
  });

  it("is the last time before it went back, and stays that when a batch is sent again", () => {
    const startOf = counterStarts(() => 500);
    const [first, second, third] = [counted(100, 1), counted(5, 2), counted(9, 3)];
    const all = [first, second, third].map((one) => ({ ...one, series: first.series }));
    deepEqual(all.map(startOf), [undefined, 1000, 1000]);
    deepEqual(all.map(startOf), [undefined, 1000, 1000]);
  });
});

describeWith("the message of remote write 2.0", noProtoc, () => {
  it("is read by protoc: a table of texts, labels, metadata, samples in order, starts", async () => {
    const about = { collector: "cpu", pattern: "{cpu}.{field}", help: "CPU time", unit: "second" };
    const idle = metric("x", 1.5, 1, { ...about, labels: { cpu: "cpu0", field: "" } });
    const first = counted(5, 1, true);
    const batch = [{ ...idle, value: 2.5, timestamp: 2.5 }, idle, first];
    const series = seriesWriter("diamond", counterStarts(() => 500))(batch);
    const cpu = {
      labels: { __name__: "diamond_cpu", cpu: "cpu0", host: "h" },
      type: "GAUGE",
      help: "CPU time",
      unit: "seconds",
      start: undefined,
    };
    deepEqual(readRequest2(directory, await realCodecs.remoteWrite(series, 2)), [
      { ...cpu, value: 1.5, timestamp: 1000 },
      { ...cpu, value: 2.5, timestamp: 2500 },
      {
        labels: { __name__: "diamond_c_c_total", host: "h" },
        type: "COUNTER",
        help: "c",
        unit: "",
        value: 5,
        timestamp: 1000,
        start: 500,
      },
    ]);
  });
});
