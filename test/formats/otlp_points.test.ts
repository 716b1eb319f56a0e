/** What OpenTelemetry's own exporters sent (recorded, packed): points, and what two runs make of them. */

import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { type OtlpPoint, readPoints } from "../../src/formats/otlp_points.ts";
import { METRICS_REQUEST } from "../../src/formats/otlp_schema.ts";
import { OtlpStreams } from "../../src/formats/otlp_streams.ts";
import { readProtobuf } from "../../src/formats/protobuf.ts";
import bodies from "./otlp_bodies.json" with { type: "json" };

const bytesOf = (body: string) => new Uint8Array(gunzipSync(Buffer.from(body, "base64")));
const fromJson = (body: string) => JSON.parse(new TextDecoder().decode(bytesOf(body)));
const fromProtobuf = (body: string) => readProtobuf(bytesOf(body), METRICS_REQUEST);

function pointsOf(request: unknown): OtlpPoint[] {
  const points: OtlpPoint[] = [];
  readPoints(request, (point) => points.push(point), (why) => ok(false, why));
  return points;
}

const shown = ({ name, attributes, isDelta, values }: OtlpPoint) =>
  values.map(({ part, value, role }) =>
    `${[name, ...attributes.flat()].join(" ")} ${part} ${role} ${value}${isDelta ? " delta" : ""}`
  );

const FIRST = [
  "http.server.duration http.method GET bucket.0_5 grows 1",
  "http.server.duration http.method GET bucket.10 grows 2",
  "http.server.duration http.method GET bucket.100 grows 3",
  "http.server.duration http.method GET bucket.inf grows 4",
  "http.server.duration http.method GET count grows 4",
  "http.server.duration http.method GET max stands 500",
  "http.server.duration http.method GET min stands 0.25",
  "http.server.duration http.method GET sum grows 555.25",
  "http.size count grows 2",
  "http.size max stands 300",
  "http.size min stands 100",
  "http.size sum grows 400",
  "queue.length  stands 1",
  "shop.orders app web zone eu  grows 10",
  "shop.orders app web zone us  grows 1",
  "temp place till 1/a  stands 21.5",
];

describe("points of OpenTelemetry", () => {
  /** A gauge with these points, of a resource with these attributes. */
  const gauge = (dataPoints: unknown[], attributes: unknown = []) => ({
    resourceMetrics: [{
      resource: { attributes },
      scopeMetrics: [{ metrics: [{ name: "a", gauge: { dataPoints } }] }],
    }],
  });
  /** Paths of what was taken, and why others were not. */
  function read(request: unknown): string[] {
    const found: string[] = [];
    readPoints(request, (point) => found.push(...shown(point)), (why) => found.push(why));
    return found;
  }
  const stood = { asInt: "1", timeUnixNano: "1" };

  it("cost themselves where their attributes are endless, also those of their resource", () => {
    const much = [{ key: "k", value: { stringValue: "x".repeat(20_000) } }];
    const why = 'a point of "a" has more than 16384 characters of attributes';
    deepEqual(read(gauge([{ ...stood, attributes: much }, stood])), [why, "a  stands 1"]);
    const many = Array.from({ length: 50_000 }, (_, at) => ({ key: `k${at}` }));
    const points = Array.from({ length: 50_000 }, () => stood);
    deepEqual([...new Set(read(gauge(points, many)))], [why]);
  });

  it("cost nothing more than themselves where lists or objects stand in the place of numbers", () => {
    let deep: unknown = { stringValue: "x" };
    for (let depth = 0; depth < 100_000; depth++) deep = { arrayValue: { values: [deep] } };
    const object = { valueOf: 1, toString: 1 };
    const flat = { arrayValue: { values: [{ intValue: "1" }, { stringValue: "b" }, deep] } };
    deepEqual(
      read(gauge([
        { ...stood, attributes: [{ key: "deep", value: deep }] },
        { ...stood, flags: object, attributes: [{ key: "flat", value: flat }] },
        { ...stood, asInt: object },
      ])),
      ["a deep   stands 1", "a flat 1_b_  stands 1", 'a point of "a" has no number'],
    );
  });

  it("are the same from JSON and from protobuf", () => {
    const json = pointsOf(fromJson(bodies.json[0]));
    const protobuf = pointsOf(fromProtobuf(bodies.protobuf[0]));
    deepEqual(json.flatMap(shown).sort(), FIRST);
    deepEqual(protobuf.flatMap(shown).sort(), FIRST);
    for (const { resource, scope, start, time } of [...json, ...protobuf]) {
      deepEqual([resource, scope], [
        [["host.id", "7"], ["service.instance.id", "a1"], ["service.name", "shop"]],
        "tills",
      ]);
      ok(start <= time && time > 1_700_000_000_000_000_000n);
    }
  });

  it("are growths where a program sends those", () => {
    const lines = pointsOf(fromProtobuf(bodies.delta[1])).flatMap(shown);
    ok(lines.includes("shop.orders app web zone eu  grows 20 delta"), lines.join("\n"));
    ok(lines.includes("http.server.duration http.method GET count grows 4 delta"));
  });

  it("are refused by name where they cannot be read", () => {
    const at = { timeUnixNano: "1700000000000000000" };
    const metric = (name: string, kind: string, point: unknown, more = {}) =>
      ({ name, [kind]: { dataPoints: [point], ...more } }) as unknown;
    const taken: string[] = [];
    const reasons: string[] = [];
    const metrics = [
      metric("a", "gauge", { asDouble: 1 }),
      metric("b", "gauge", at),
      metric("c", "sum", { ...at, asInt: "1" }),
      metric("", "gauge", { ...at, asInt: "1" }),
      metric("d", "gauge", { ...at, asDouble: "NaN" }),
      metric("e", "gauge", { ...at, flags: 1 }),
      metric("f", "gauge", { ...at, asInt: "9223372036854775807", attributes: "none" }),
      metric("g", "summary", { ...at, quantileValues: [{ quantile: 0.5, value: 3 }] }),
      7,
    ];
    const request = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }, null] };
    readPoints(request, (point) => taken.push(...shown(point)), (why) => reasons.push(why));
    deepEqual(reasons, [
      'a point of "a" has no time',
      'a point of "b" has no number',
      '"c" has no temporality',
      "a metric has no name",
      'a point of "d" has no number',
    ]);
    deepEqual(taken, [
      "f  stands 9223372036854775807",
      "g count grows 0",
      "g quantile.0_5 stands 3",
    ]);
    for (const odd of [null, 7, "x", [], { resourceMetrics: 7 }]) {
      throws(() => readPoints(odd, () => {}, () => {}), /resourceMetrics is not a list/);
    }
  });

  it("cannot hang or fill the memory as protobuf", () => {
    const whole = bytesOf(bodies.protobuf[0]);
    for (let end = 0; end < whole.length; end++) {
      try {
        readPoints(readProtobuf(whole.subarray(0, end), METRICS_REQUEST), () => {}, () => {});
      } catch (error) {
        match(String(error), /protobuf/);
      }
    }
    for (let at = 0; at < whole.length; at++) {
      const broken = whole.slice();
      broken[at] ^= 0xff;
      try {
        readPoints(readProtobuf(broken, METRICS_REQUEST), () => {}, () => {});
      } catch (error) {
        match(String(error), /protobuf/);
      }
    }
    const empty = Uint8Array.from({ length: 2_000_000 }, (_, at) => at % 2 === 0 ? 10 : 0);
    throws(() => readProtobuf(empty, METRICS_REQUEST), /too many messages/);
  });
});

const SECOND = 1_000_000_000n;
const NOW = 1_700_000_000n * SECOND;

function streams(settings: { maxNames?: number; maxPoints?: number; isRaw?: boolean } = {}) {
  const { maxNames = 100, maxPoints = 100, isRaw = false } = settings;
  const pathOf = ({ name, attributes }: OtlpPoint) =>
    [name, ...attributes.map(([, text]) => text)].join(".");
  const all = { maxNames, maxPoints, isRaw, interval: 5, withBuckets: false, pathOf };
  return new OtlpStreams(all, Number(NOW / 1_000_000n));
}

function point(
  seconds: number,
  value: number,
  more: Partial<OtlpPoint> & { role?: "grows" | "stands" | "adds" } = {},
): OtlpPoint {
  const { role = "grows", ...rest } = more;
  const time = NOW + BigInt(seconds) * SECOND;
  const values = [{ part: "", value, role }];
  const about = { name: "a", resource: [], scope: "", attributes: [], isDelta: false };
  return { ...about, start: NOW - SECOND, time, values, ...rest };
}

const published = ({ points }: OtlpStreams) =>
  points.map(({ path, value, time }) => `${path} ${value} ${time - Number(NOW / SECOND)}`);

describe("series of OpenTelemetry", () => {
  it("are published as growth per second, at the points' own times", () => {
    const all = streams();
    for (const [at, value] of [[10, 100], [70, 160], [80, 200]]) all.add(point(at, value));
    deepEqual(published(all), ["a 1 70", "a 4 80"]);
  });

  it("are known from their start on where that came after the listener's", () => {
    const all = streams();
    all.add(point(10, 100, { start: NOW + 5n * SECOND }));
    all.add(point(20, 7, { start: NOW + 13n * SECOND }));
    all.add(point(30, 3, { start: NOW + 13n * SECOND }));
    all.add(point(40, 13, { start: NOW + 13n * SECOND }));
    all.add(point(41, 50, { name: "late", start: NOW + 41n * SECOND - 1000n }));
    deepEqual(published(all), ["a 20 10", "a 1 20", "a 1 40", "late 10 41"]);
  });

  it("take growths, and add up changes", () => {
    const all = streams();
    const delta = { isDelta: true, start: NOW };
    all.add(point(10, 50, delta));
    all.add(point(20, 30, { isDelta: true, start: NOW + 10n * SECOND }));
    for (const at of [10, 20, 30]) all.add(point(at, 2, { ...delta, name: "b", role: "adds" }));
    deepEqual(published(all), ["a 5 10", "a 3 20", "b 2 10", "b 4 20", "b 6 30"]);
    const raw = streams({ isRaw: true });
    raw.add(point(10, 50, delta));
    raw.add(point(10, 80, { name: "c" }));
    deepEqual(published(raw), ["a 50 10", "c 80 10"]);
  });

  it("have the mean of what came since the last point", () => {
    const all = streams();
    const values = (count: number, sum: number) => [
      { part: "count", value: count, role: "grows" as const },
      { part: "sum", value: sum, role: "grows" as const },
      { part: "bucket.1", value: 1, role: "grows" as const },
    ];
    all.add(point(10, 0, { values: values(10, 100) }));
    all.add(point(20, 0, { values: values(30, 200) }));
    deepEqual(published(all), ["a.count 2 20", "a.sum 10 20", "a.mean 5 20"]);
  });

  it("know what was sent again, growing or not", () => {
    const all = streams();
    const sent = [
      point(10, 100),
      point(20, 110),
      point(20, 5, { name: "d", isDelta: true, start: NOW + 10n * SECOND }),
      point(20, 7, { name: "g", role: "stands" }),
    ];
    for (let times = 0; times < 3; times++) for (const one of sent) ok(all.add(one));
    deepEqual(published(all), ["a 1 20", "d 0.5 20", "g 7 20"]);
    equal(all.resent, 8);
    all.flush();
    for (const one of sent) all.add(one);
    deepEqual([published(all), all.resent], [[], 4]);
  });

  it("are told apart by what names do not show, and it is said where they meet", () => {
    const all = streams();
    const of = (program: string) => ({ resource: [["service.instance.id", program]] as const });
    all.add(point(10, 100, of("1")));
    all.add(point(11, 900, of("2")));
    equal(all.shared, undefined, "it may have been started again");
    all.add(point(20, 110, of("1")));
    all.add(point(21, 910, of("2")));
    deepEqual(published(all), ["a 1 20", "a 1 21"]);
    equal(all.shared, "a");
  });

  it("are bounded in names and points, and those that are gone make room", () => {
    const all = streams({ maxNames: 10, maxPoints: 20 });
    const added = Array.from(
      { length: 30 },
      (_, at) => all.add(point(10, at, { name: `n${at}`, role: "stands" })),
    );
    equal(added.filter(Boolean).length, 10);
    deepEqual([all.leftOut, all.crowd], [20, 'more than max_names = 10, with "n10"']);
    for (let at = 11; !all.isFull; at++) all.add(point(at, 1, { name: "n0", role: "stands" }));
    equal(all.add(point(99, 1, { name: "n0", role: "stands" })), false);
    for (let flush = 0; flush < 61; flush++) all.flush();
    ok(all.add(point(10, 1, { name: "new", role: "stands" })));
  });

  it("count as more than one name where what they are known by is long", () => {
    const all = streams({ maxNames: 10 });
    const resource = [["text", "x".repeat(8000)]] as const;
    const add = (name: string) => all.add(point(10, 1, { name, resource, role: "stands" }));
    deepEqual(["a", "b", "c"].map(add), [true, true, false]);
    for (let flush = 0; flush < 61; flush++) all.flush();
    deepEqual(["c", "d", "e"].map(add), [true, true, false]);
  });
});
