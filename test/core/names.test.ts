/** Names, values and texts from outside, and what each wire, the log and a terminal make of them. */

import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { type EmitOptions, gauge, type Metrics } from "../../src/core/collector.ts";
import { createEmitter } from "../../src/core/emitter.ts";
import { messageOf } from "../../src/core/errors.ts";
import type { Metric } from "../../src/core/metric.ts";
import { cleanPath, MAX_NAME } from "../../src/core/naming.ts";
import { headers, url } from "../../src/core/option.ts";
import { secretsOf } from "../../src/core/option/secret_kinds.ts";
import { hide, secretsNamed, shownUrl, withoutCredentials } from "../../src/core/secrets.ts";
import { excerpt, paragraph } from "../../src/core/visible.ts";
import { graphiteLines, lineEncoder } from "../../src/formats/graphite_line.ts";
import { influxLines } from "../../src/formats/influx_line.ts";
import { dataPoint, putLine } from "../../src/formats/opentsdb.ts";
import { pickleFrames } from "../../src/formats/pickle.ts";
import { expose } from "../../src/formats/prometheus.ts";
import { statsdLines } from "../../src/formats/statsd.ts";
import { wireNames } from "../../src/formats/wire_names.ts";
import { encodeKeyValues } from "../../src/handlers/statsite.ts";

const NONE = { sources: [], compiled: [] };

function emitter(metrics: Metrics = {}) {
  return createEmitter({
    naming: { prefix: "servers", host: "h", suffix: "", collector: "c", instancePrefix: "i" },
    interval: 1,
    ttl: 2,
    rates: "measured",
    whitelist: NONE,
    blacklist: NONE,
    metrics,
    free: true,
  });
}

/** One run that emits what a plugin may say, whatever its types. */
function run(...calls: readonly (readonly unknown[])[]) {
  const made = emitter();
  made.begin(1000, 0);
  for (const call of calls) (made.emit as (...call: readonly unknown[]) => unknown)(...call);
  return made.end();
}

const pathsOf = (metrics: readonly Metric[]) => metrics.map(({ series }) => series.path);

describe("emit, names from outside", () => {
  it("cleans control characters, line ends, halves of a character, tags and empty nodes", () => {
    const names = ["a\nservers.evil 1 1", "\0", "x\x1b[2J", "b\x7f\x85", "\ud800", "t;u=v"];
    const empty = ["b..c", ".d", "e.", "f/../../g"];
    deepEqual(pathsOf(run(...names.map((name) => [name, 1])).metrics), [
      "servers.h.c.a_servers.evil_1_1",
      "servers.h.c._",
      "servers.h.c.x_[2J",
      "servers.h.c.b__",
      "servers.h.c._",
      "servers.h.c.t_u=v",
    ]);
    deepEqual(pathsOf(run(...empty.map((name) => [name, 1])).metrics), [
      "servers.h.c.b.c",
      "servers.h.c.d",
      "servers.h.c.e",
      "servers.h.c.f/././g",
    ]);
  });

  it("leaves clean names as they are, in whatever script", () => {
    for (const name of ["é.ü", "a-b_c", "日本", "x:y|z@w", "a,b=c", "\u{1f600}", "_", "C:\\"]) {
      equal(cleanPath(name), name);
      equal(run([name, 1]).mended, undefined, name);
    }
  });

  it("says what was mended for the first one of a run", () => {
    match(
      run(["a\nb", 1], ["c\nd", 1]).mended!,
      /^the name "a\\nb" is published as "servers.*a_b"$/,
    );
  });

  it("mends nothing in a whole path that is made of clean parts", () => {
    const made = emitter({ "{prefix}.{device}.{name}": gauge("") });
    made.begin(1000, 0);
    made.emit("{prefix}.{device}.{name}", 1, "devices", "box", "watts", {
      path: true,
      host: "box",
    });
    const { metrics, mended } = made.end();
    deepEqual([pathsOf(metrics), mended], [["devices.box.watts"], undefined]);
  });

  it("refuses what is no name or too long, and goes on", () => {
    for (const name of ["", undefined, {}, null, 5, "x".repeat(MAX_NAME + 1)]) {
      const { metrics, refused, reason } = run([name, 1], ["ok", 2]);
      deepEqual([pathsOf(metrics), refused], [["servers.h.c.ok"], 1], String(reason));
    }
    equal(run(["x", 1, { instance: 5 }]).refused, 1);
    equal(run(["x", 1, { instance: "a\nb" }]).metrics[0].series.path, "i.a_b.c.x");
  });
});

describe("emit, values and precision from outside", () => {
  it("a precision that is a text, negative or over 100 harms nothing", () => {
    const digits = (precision: unknown) =>
      run(["x", 1.5, { precision } as EmitOptions]).metrics[0].series.precision;
    deepEqual(["2", "y", -1, 1.5, NaN, 1e9, 3].map(digits), [0, 0, 0, 0, 0, 100, 3]);
    match(run(["x", 1, { precision: "2" }]).mended!, /precision of servers.h.c.x is "2": 0 is/);
    const { metrics } = run(...["2", -3, 1e9].map((precision) => ["x", 1.5, { precision }]));
    equal(graphiteLines(metrics).split("\n").length, 4);
  });

  it("refuses values, times, kinds and factors that are none", () => {
    const values = [NaN, Infinity, "5", null, undefined, {}, [], 1n << 2000n, true];
    equal(run(...values.map((value, at) => [`v${at}`, value])).refused, values.length);
    const extras = [{ timestamp: "x" }, { timestamp: -1e300 }, { timestamp: NaN }, { form: "z" }, {
      scale: Infinity,
    }];
    equal(run(...extras.map((one, at) => [`e${at}`, 1, one])).refused, extras.length);
    equal(run(["x", 1, { timestamp: 999 }]).metrics[0].timestamp, 999);
  });
});

/** Texts of all that may break a wire, the same ones at each run. */
function* hostile(count: number): Generator<string> {
  const letters = [
    "a",
    "B",
    "7",
    ".",
    "..",
    " ",
    "\n",
    "\r",
    "\t",
    "\0",
    "\x1b[2J",
    "\x7f",
    "\x9b",
  ];
  letters.push(":", "|", "@", "#", ";", ",", "=", '"', "\\", "{", "}", "\u2028", "\ud800", "é");
  letters.push("servers.evil 1 1\n", "\nput x 1 1 a=b\n", "|c\n", "\u202e", "\u0085", "/", "$");
  let seed = 1;
  for (let made = 0; made < count; made++) {
    let text = "";
    do {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      text += letters[seed % letters.length];
    } while (seed % 7 !== 0);
    yield text;
  }
}

describe("names on every wire, fuzzed", () => {
  const names = [...hostile(3000)];
  const { metrics } = run(...names.map((name) => [name, 1]));
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const lines = (text: string) => text.split("\n").filter((line) => line !== "");
  // deno-lint-ignore no-control-regex
  const CONTROL = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]/;

  function holds(wire: string, text: string, line: RegExp, count = metrics.length): void {
    it(`${wire}: one whole line a point, and nothing that controls`, () => {
      equal(CONTROL.test(text), false);
      equal(lines(text).find((one) => !line.test(one)), undefined);
      equal(lines(text).length, count);
    });
  }

  const graphite = /^servers\.h\.c(\.[^\s.;]+)* 1 1000$/;
  holds("Graphite", graphiteLines(metrics), graphite);
  holds("Graphite's encoder", decode(lineEncoder()(metrics)), graphite);
  holds("StatsD", statsdLines(metrics, new Map()).text, /^[^:|@\s#;,]+:1\|g$/);
  holds("Statsite", decode(encodeKeyValues(metrics)), /^[^:|@\s#;,]+:1\|kv$/);
  const puts = metrics.map((metric) =>
    putLine(dataPoint(metric, { prefix: "", tags: {}, clean: true, skipAggregates: false })!)
  );
  holds("OpenTSDB", puts.join(""), /^put [^\s=]+ 1000 1 hostname=h$/);
  holds("InfluxDB", influxLines(metrics, "s"), /^c,host=h ([^\\ ,=]|\\.)+=1\.0 1000$/);

  it("pickle: paths are those of the lines", () => {
    const frame = decode(pickleFrames(metrics, 1e9));
    for (const { series } of metrics) equal(frame.includes(series.path), true);
  });

  it("Prometheus: labels stay within their quotes", () => {
    const sample =
      /^(# (HELP|TYPE) \S+ .*|[a-zA-Z_:][\w:]*(\{([a-zA-Z_]\w*="([^"\\]|\\.)*",?)*\})? \S+)$/;
    const text = expose(metrics, "diamond", "text");
    equal(CONTROL.test(text), false);
    equal(lines(text).find((one) => !sample.test(one)), undefined);
  });

  it("a wire's cleaning is told once", () => {
    const told: string[] = [];
    const nameOf = wireNames(/[:|]/g, (message) => told.push(message));
    for (const { series } of run(["a:b", 1], ["c|d", 1], ["e", 1]).metrics) nameOf(series);
    equal(told.length, 1);
    match(told[0], /^"servers.h.c.a:b" is sent as "servers.h.c.a_b"/);
  });
});

describe("texts from outside, in messages and in the log", () => {
  it("a message is one line without escapes, and ends", () => {
    equal(messageOf(new Error("500\r\n\x1b[2J[x] ERROR forged\n")), "500 \\x1b[2J[x] ERROR forged");
    equal(messageOf(Object.create(null)), "a value of type object");
    equal(messageOf(new Error("x".repeat(1e6))).length < 5000, true);
  });

  it("a record of the log cannot begin another one", () => {
    equal(paragraph("a\n[2026] ERROR b\x9b2J\u202e"), "a\n    [2026] ERROR b\\x9b2J\\u202e");
  });
});

describe("secrets in texts", () => {
  it("what was read as one is in no message, nor what URLs have of logins and tokens", () => {
    for (
      const one of secretsOf(url("", ""), "https://me:pass%20word1@h/p?token=abcdefgh&db=metrics")
    ) {
      hide(one);
    }
    for (const one of secretsOf(headers([], ""), ["X-Api-Key: keykeykey", "X-Scope: me"])) {
      hide(one);
    }
    hide("short");
    equal(
      messageOf(
        new Error("h says pass word1, pass%20word1, abcdefgh, keykeykey; db metrics; short"),
      ),
      "h says ********, ********, ********, ********; db metrics; short",
    );
    equal(
      withoutCredentials("to postgres://u:p@h/d?sslmode=off#x, http://h/"),
      "to postgres://********@h/d?sslmode=********#x, http://h/",
    );
    equal(shownUrl("http://u:p@h:1/path?x=1#y"), "http://h:1/path");
    equal(excerpt("its pass word1 is long", 12), "its ********");
  });

  it("of free options by their names, however deep", () => {
    const options = { db: { user: "me", passwd: "p4ssw0rd" }, api_key: "k", urls: ["x://a:b@h"] };
    deepEqual(secretsNamed("", options), ["p4ssw0rd", "k", "b"]);
  });
});
