import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { after, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { codeOf, type Failure } from "../../src/core/errors.ts";
import type { AnyHandler } from "../../src/core/handler.ts";
import type { Host } from "../../src/ports/host.ts";
import type { Metric } from "../../src/core/metric.ts";
import { headersOf } from "../../src/formats/http_headers.ts";
import { influxLine } from "../../src/formats/influx_line.ts";
import { dataPoint, parseTags, putLine, rejectedPoints } from "../../src/formats/opentsdb.ts";
import { statsdLines } from "../../src/formats/statsd.ts";
import httpPost, { jsonBody, plainBody } from "../../src/handlers/http_post.ts";
import influxdb from "../../src/handlers/influxdb.ts";
import librato from "../../src/handlers/librato.ts";
import { encodeKeyValues } from "../../src/handlers/statsite.ts";
import tsdb from "../../src/handlers/tsdb.ts";
import { realClock } from "../../src/platform/clock.ts";
import { realNet } from "../../src/platform/net/network.ts";
import { metric } from "../harness/metrics.ts";
import { silentLog } from "../harness/recorded_log.ts";
import { handlerDefaults } from "../harness/defaults.ts";

const idle = (value: number, more = {}): Metric =>
  metric("servers.host1.cpu.total.idle", value, 1000, {
    host: "host1",
    collector: "cpu",
    name: "total.idle",
    pattern: "{cpu}.{field}",
    labels: { cpu: "total", field: "idle" },
    precision: 2,
    ttl: 600,
    ...more,
  });
const cpu0: Metric = {
  ...idle(3, {
    path: "servers.host1.cpu.cpu0.user",
    name: "cpu0.user",
    labels: { cpu: "cpu0", field: "user" },
    precision: 0,
    kind: "counter",
  }),
  raw: 1234,
};

describe("OpenTSDB", () => {
  const names = { prefix: "diamond", tags: { env: "test" }, clean: true, skipAggregates: true };

  it("makes tags of a name's parts", () => {
    deepEqual(dataPoint(cpu0, names), {
      timestamp: 1000,
      metric: "diamond.cpu.user",
      value: 3,
      tags: { hostname: "host1", cpuId: "cpu0", env: "test" },
    });
    equal(dataPoint(idle(1.5), names), undefined, "an aggregate");
    deepEqual(
      dataPoint(idle(1.5), { ...names, skipAggregates: false })!.metric,
      "diamond.cpu.idle",
    );
    equal(dataPoint(idle(1.5), { ...names, clean: false })!.metric, "diamond.cpu.total.idle");
    const rx = metric("servers.h.network.eth0.rx_byte", 1, 5, {
      collector: "network",
      name: "eth0.rx_byte",
      pattern: "{device}.rx_{unit}",
      labels: { device: "eth0", unit: "byte" },
    });
    const { metric: name, tags } = dataPoint(rx, { ...names, prefix: "" })!;
    deepEqual([name, tags.interface], ["network.rx_byte", "eth0"]);
    equal(
      putLine(dataPoint(cpu0, names)!),
      "put diamond.cpu.user 1000 3 hostname=host1 cpuId=cpu0 env=test\n",
    );
  });

  it("reads tags by blanks and commas, with all their characters", () => {
    deepEqual(parseTags(["dc=us-east rack=r_1", "a=b"]), { dc: "us-east", rack: "r_1", a: "b" });
  });

  it("finds the points that an answer names", () => {
    const points = [idle(1), cpu0].map((one) =>
      dataPoint(one, { ...names, skipAggregates: false })!
    );
    const answer = { success: 1, failed: 1, errors: [{ datapoint: points[1], error: "no" }] };
    deepEqual(rejectedPoints(JSON.stringify(answer), points), [1]);
    for (const text of ["", "<html>", "null", "[]", '{"errors":3}']) {
      deepEqual(rejectedPoints(text, points), [], text);
    }
  });
});

describe("InfluxDB's lines", () => {
  it("are the collector, the host, the name and a float", () => {
    equal(influxLine(idle(1.5), "s"), "cpu,host=host1 total.idle=1.5 1000\n");
    equal(influxLine(idle(3), "ms"), "cpu,host=host1 total.idle=3.0 1000000\n");
    equal(influxLine(idle(3), "ns"), "cpu,host=host1 total.idle=3.0 1000000000000\n");
    equal(influxLine(idle(-0.25, { host: null }), "u"), "cpu total.idle=-0.25 1000000000\n");
    const odd = idle(1, { collector: "a b,c", name: "x=y z\\", host: "h,1" });
    equal(influxLine(odd, "s"), "a\\ b\\,c,host=h\\,1 x\\=y\\ z\\\\=1.0 1000\n");
  });
});

describe("StatsD's lines", () => {
  const counted = (raw: number | bigint): Metric => ({ ...cpu0, raw });
  it("are gauges as they are, negative ones after a 0", () => {
    const { text } = statsdLines([idle(1 / 3), idle(5), idle(-5)], new Map());
    const name = "servers.host1.cpu.total.idle";
    equal(text, `${name}:0.333333333333|g\n${name}:5|g\n${name}:0|g\n${name}:-5|g\n`);
  });

  it("are increments of counters; a new one and a reset one tell nothing", () => {
    let last = new Map<string, number | bigint>();
    const told: string[] = [];
    for (const raw of [1000, 1040, 1040, 5, 25, 2n ** 60n, 2n ** 60n + 7n]) {
      const { text, counts } = statsdLines([counted(raw)], last);
      told.push(text.replace(/^.*:/, "").trim());
      last = new Map([...last, ...counts]);
    }
    deepEqual(told, [
      "",
      "40|c",
      "",
      "",
      "20|c",
      "1152921504606846951|c".replace("6951", "7000"),
      "7|c",
    ]);
  });

  it("never has what would cut it", () => {
    match(statsdLines([idle(1, { path: "a b:c|d@e" })], new Map()).text, /^a_b_c_d_e:1\|g\n$/);
  });
});

it("Statsite's lines are rounded key values", () => {
  equal(
    new TextDecoder().decode(encodeKeyValues([idle(42.256)])),
    "servers.host1.cpu.total.idle:42.26|kv\n",
  );
});

it("headers are names and texts", () => {
  deepEqual(headersOf(["X-Scope: me: too", "a:b"]), { "x-scope": "me: too", a: "b" });
  for (const bad of ["no", ": x", "a b: c"]) throws(() => headersOf([bad]), /is no header/);
});

it("HttpPost's bodies are the old ones", () => {
  equal(
    plainBody([idle(1.5), cpu0]),
    "servers.host1.cpu.total.idle 1.50 1000\n\nservers.host1.cpu.cpu0.user 3 1000\n",
  );
  equal(
    jsonBody([idle(1.5)]),
    '{"metric":[{"path":"servers.host1.cpu.total.idle","value":1.5,"timestamp":1000,"precision":2,"host":"host1","ttl":600}]}',
  );
});

describe("handlers that post", () => {
  interface HttpServerRequest {
    readonly url: string;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }
  const asked: HttpServerRequest[] = [];
  let answer: { status: number; body?: string; headers?: Record<string, string> } = { status: 204 };
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const bytes = Buffer.concat(chunks);
      const packed = request.headers["content-encoding"] === "gzip";
      const body = (packed ? gunzipSync(bytes) : bytes).toString();
      asked.push({ url: request.url!, headers: request.headers, body });
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
    });
  });
  const listening = new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
  );
  after(() => void server.close());
  const host = { net: realNet, clock: realClock } as unknown as Host;

  async function send(handler: AnyHandler, options: object, batch = [idle(1.5), cpu0]) {
    const port = await listening;
    const url = `http://127.0.0.1:${port}/metrics`;
    const values = { ...handlerDefaults(handler), port, url, ...options };
    asked.length = 0;
    const sink = handler.open({ host, options: values, log: silentLog });
    await sink.write(batch, new AbortController().signal);
    await sink[Symbol.asyncDispose]();
    return asked;
  }

  it("say what they mean, with headers, login and gzip", async () => {
    answer = { status: 204 };
    const login = `Basic ${Buffer.from("me:se:cret").toString("base64")}`;
    const [posted] = await send(httpPost, {
      user: "me",
      password: "se:cret",
      headers: ["X-Scope: here"],
      compression: 6,
    });
    deepEqual([posted.url, posted.headers.authorization, posted.headers["x-scope"]], [
      "/metrics",
      login,
      "here",
    ]);
    equal(posted.body, plainBody([idle(1.5), cpu0]));
    const [json] = await send(httpPost, { format: "JSON", token: "T" });
    deepEqual([json.headers.authorization, json.headers["content-type"]], [
      "Bearer T",
      "application/json",
    ]);
    const [flux] = await send(influxdb, { hostname: "127.0.0.1" });
    equal(flux.url, "/write?db=graphite&precision=s");
    match(flux.body, /^cpu,host=host1 total\.idle=1\.5 1000\n/);
    const v2 = {
      hostname: "127.0.0.1",
      influxdb_version: "2",
      org: "o p",
      bucket: "b",
      token: "t",
    };
    const [two] = await send(influxdb, v2);
    deepEqual([two.url, two.headers.authorization], [
      "/api/v2/write?org=o%20p&bucket=b&precision=s",
      "Token t",
    ]);
    const v3 = { hostname: "127.0.0.1", influxdb_version: "3", database: "a b", token: "t" };
    const [three] = await send(influxdb, { ...v3, time_precision: "ms" });
    deepEqual([three.url, three.headers.authorization], [
      "/api/v3/write_lp?db=a%20b&precision=millisecond",
      "Bearer t",
    ]);
    match(three.body, /^cpu,host=host1 total\.idle=1\.5 1000000\n/);
    const [points] = await send(tsdb, { tags: ["env=test"] });
    deepEqual([points.url, JSON.parse(points.body).length], ["/api/put?details", 1]);
    const [ledger] = await send(librato, { user: "u", apikey: "k" });
    deepEqual(JSON.parse(ledger.body), {
      gauges: [{ name: "cpu.total.idle", value: 1.5, source: "host1", measure_time: 1000 }],
      counters: [{ name: "cpu.cpu0.user", value: 1234, source: "host1", measure_time: 1000 }],
    });
    deepEqual(await send(librato, { include_filters: { compiled: [/^disk/], sources: [] } }), []);
  });

  for (
    const [status, code, reason, more] of [
      [400, "refused", /answers 400: bad line/, {}],
      [413, "refused", /413/, {}],
      [401, "undelivered", /401/, {}],
      [404, "undelivered", /404/, {}],
      [302, "undelivered", /redirects to "http:\/\/x\/"/, { location: "http://x/" }],
      [429, "undelivered", /429/, { "retry-after": "7" }],
      [503, "undelivered", /503/, {}],
    ] as const
  ) {
    it(`tell ${status} as ${code}`, async () => {
      answer = { status, body: "bad\nline", headers: more };
      for (const handler of [httpPost, influxdb, tsdb, librato] as AnyHandler[]) {
        await rejects(send(handler, { hostname: "127.0.0.1" }), (error: Failure) => {
          equal(codeOf(error), code, error.message);
          match(error.message, reason);
          equal(error.retryAfter, status === 429 ? 7 : undefined);
          return true;
        });
      }
    });
  }

  it("name the points that OpenTSDB refuses", async () => {
    const point = {
      metric: "cpu.user",
      timestamp: 1000,
      value: 3,
      tags: { hostname: "host1", cpuId: "cpu0" },
    };
    answer = { status: 400, body: JSON.stringify({ errors: [{ datapoint: point, error: "no" }] }) };
    await rejects(send(tsdb, {}), (error: Failure) => {
      deepEqual(error.points, [cpu0]);
      return true;
    });
  });

  it("are told who is not there", async () => {
    await rejects(
      send(httpPost, { url: "http://127.0.0.1:1/" }),
      /cannot send to http:\/\/127\.0\.0\.1:1/,
    );
    const late = new AbortController();
    late.abort();
    const sink = httpPost.open({
      host,
      options: {
        url: "http://127.0.0.1:1/",
        format: "PLAIN",
        headers: [],
        compression: 0,
      } as never,
      log: silentLog,
    });
    await rejects(async () => sink.write([idle(1)], late.signal), /did not answer in time/);
  });
});
