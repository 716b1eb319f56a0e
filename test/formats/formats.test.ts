import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { Cursor } from "../../src/core/cursor.ts";
import { packLines } from "../../src/formats/datagrams.ts";
import { fixed } from "../../src/formats/fixed.ts";
import { graphiteLine, graphiteLines, lineEncoder } from "../../src/formats/graphite_line.ts";
import { formatRecord } from "../../src/formats/log_record.ts";
import { pickleFrames } from "../../src/formats/pickle.ts";
import type { Metric } from "../../src/core/metric.ts";
import { fieldReader } from "../../src/formats/proc_fields.ts";
import { pairReader } from "../../src/formats/proc_snmp.ts";
import { namesOf } from "../../src/formats/hosts_file.ts";
import { processorsIn } from "../../src/formats/processor_list.ts";
import { nextRotation, rotatedPattern, rotatedSuffix } from "../../src/formats/rotation.ts";
import { strftime, utc, type Zone } from "../../src/formats/strftime.ts";
import { splitAddress } from "../../src/protocols/graphite.ts";
import { metric, metrics } from "../harness/metrics.ts";

describe("strftime", () => {
  const date = new Date(Date.UTC(2027, 0, 3, 8, 5, 9));
  const cases: [format: string, text: string][] = [
    ["%b %e %H:%M:%S", "Jan  3 08:05:09"],
    ["%k|%l|%-d|%_m|%^a", " 8| 8|3| 1|SUN"],
    ["%G-W%V-%u %U %W", "2026-W53-7 01 00"],
    ["%C %g %h %P %r %R", "20 26 Jan am 08:05:09 AM 08:05"],
    ["%Ey %Od %n%t%% %Q", "27 03 \n\t% %Q"],
  ];
  for (const [format, text] of cases) it(format, () => equal(strftime(format, date, utc), text));
});

describe("%.Nf", () => {
  // Printed by C's printf.
  const cases: [number, number, string][] = [
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [2.5, 0, "2"],
    [-0.5, 0, "-0"],
    [-1.5, 0, "-2"],
    [0.125, 2, "0.12"],
    [0.375, 2, "0.38"],
    [9.25, 1, "9.2"],
    [9.35, 1, "9.3"],
    [1.005, 2, "1.00"],
    [-0.4, 0, "-0"],
    [-0, 0, "-0"],
    [0, 0, "0"],
    [0, 2, "0.00"],
    [1e22, 0, "10000000000000000000000"],
    [1e21, 1, "1000000000000000000000.0"],
    [18446744073709551615, 0, "18446744073709551616"],
    [9.97143369909e-05, 0, "0"],
    [123456789.987654321, 4, "123456789.9877"],
    [0.000030517578125, 14, "0.00003051757812"],
    [NaN, 2, "nan"],
    [-Infinity, 0, "-inf"],
  ];
  for (const [value, precision, expected] of cases) {
    it(`${value} with ${precision}`, () => equal(fixed(value, precision), expected));
  }
});

describe("Graphite lines", () => {
  it("have the declared precision", () =>
    equal(graphiteLine(metric("a.b", 1.5, 1000, { precision: 2 })), "a.b 1.50 1000\n"));
  it("have no blanks in their path", () =>
    equal(graphiteLine(metric("a b\tc\nd", 1)), "a_b_c_d 1 1000\n"));

  it("are the same as bytes, whatever the value", () => {
    const random = randomFrom(7);
    const values = [0, -0, 1, -1, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 1e21, 5e-324];
    for (const scale of [1, 10, 100, 1000]) {
      for (let exponent = -3; exponent <= 16; exponent++) {
        for (let round = 0; round < 40; round++) {
          const value = (random() - 0.3) * 10 ** exponent;
          values.push(value, Math.round(value), Math.round(value) / scale);
          // Ties, and what lies beside them.
          const tie = (Math.round(value) + 0.5) / scale;
          values.push(tie, tie + Number.EPSILON * tie, tie - Number.EPSILON * tie);
        }
      }
    }
    const encode = lineEncoder();
    const decoder = new TextDecoder();
    for (const precision of [0, 1, 2, 3, 4, 14]) {
      const batch = values.map((value) => metric("a.b", value, 1000, { precision }));
      for (let from = 0; from < batch.length; from += 500) {
        const part = batch.slice(from, from + 500);
        equal(decoder.decode(encode(part)), graphiteLines(part));
      }
    }
  });

  it("are the same in any order, and whatever series come and end", () => {
    const encode = lineEncoder();
    const decoder = new TextDecoder();
    const always = metrics(300);
    for (let tick = 0; tick < 60; tick++) {
      const skipped = always.filter((_, at) => (at * 7 + tick) % 10 !== 0);
      const shorter = tick % 4 === 0 ? skipped.slice(tick) : skipped;
      const turned = tick % 5 === 0 ? shorter.toReversed() : shorter;
      // Some hundreds that live for one tick: together more than what is kept.
      const brief = Array.from({ length: 400 }, (_, at) => metric(`brief.${tick}.ä.${at}`, at));
      const batch = [...turned, ...brief, ...always];
      equal(decoder.decode(encode(batch)), graphiteLines(batch));
    }
  });

  it("are the same after a tick with other values, times and series", () => {
    const random = randomFrom(3);
    const encode = lineEncoder("p.");
    const decoder = new TextDecoder();
    const names = Array.from(
      { length: 700 },
      (_, at) => metric(`some.path.${at}`, 0, 0, { precision: at % 4 }),
    );
    let values = names.map(() => 0);
    let time = 9;
    for (let tick = 0; tick < 400; tick++) {
      // From one digit to ten, back again, and twice the same.
      time = tick % 50 === 0 ? 9 : tick % 3 === 0 ? time : time * (tick % 11 === 0 ? 7 : 1) + 1;
      const changes = tick % 7 === 0 ? 1 : random() / 4;
      values = values.map((value) => {
        if (random() >= changes) return value;
        return random() < 0.1 ? -0 : (random() - 0.3) * 10 ** Math.floor(random() * 14);
      });
      const first = tick % 13 === 0 ? 5 : 0;
      const last = tick % 17 === 0 ? 300 : names.length;
      const batch = names.slice(first, last).map(({ series }, at) => ({
        series,
        value: values[first + at],
        timestamp: tick % 19 === 0 && at > 200 ? time + 1 : time,
      }));
      if (tick % 23 === 0) batch.splice(50, 100);
      if (tick % 29 === 0) batch.length = 0;
      const expected = batch.map((one) => `p.${graphiteLine(one)}`).join("");
      equal(decoder.decode(encode(batch)), expected);
    }
  });

  it("are the same where the times of a batch are mixed, as those of several intervals are", () => {
    const random = randomFrom(5);
    const encode = lineEncoder();
    const decoder = new TextDecoder();
    const names = metrics(200);
    for (let tick = 1; tick < 300; tick++) {
      const older = tick % 4 === 0 ? 0 : random() / 10;
      const batch = names.filter(() => random() > 0.02).map(({ series }, at) => ({
        series,
        value: at % 3 === 0 ? tick : at,
        // The first ones differ in their digits as well.
        timestamp: 60 * tick - (random() < older ? 60 : 0),
      }));
      equal(decoder.decode(encode(batch)), graphiteLines(batch));
    }
  });

  it("go on after a batch that was larger than what is kept", () => {
    const encode = lineEncoder("key.");
    const decoder = new TextDecoder();
    const expected = (batch: readonly Metric[]) =>
      batch.map((one) => `key.${graphiteLine(one)}`).join("");
    const many = Array.from({ length: 20_000 }, (_, at) => metric(`some.path.${at}`, at, 1000));
    for (let tick = 0; tick < 4; tick++) {
      const batch = many.map(({ series, value }, at) => ({
        series,
        value: value + (at % 3 === 0 ? tick : 0),
        timestamp: 1000 + tick,
      }));
      // New ones in front make others the first ones that are remembered.
      for (let one = 0; one < tick; one++) batch.unshift(metric(`new.${one}`, one, 1000 + tick));
      equal(decoder.decode(encode(batch)), expected(batch));
    }
    for (const batch of [[metric("a", 1)], [metric("a", 2), many[7]], many]) {
      equal(decoder.decode(encode(batch)), expected(batch));
    }
  });
});

describe("lists of processors", () => {
  it("are counted, and told from what is none", () => {
    for (const [list, count] of [["0", 1], ["0-3", 4], ["0-3,6", 5], ["1,3,8-15", 10]] as const) {
      equal(processorsIn(list), count);
    }
    for (const list of ["", "x", "0-", "0-3,", "0 1"]) equal(processorsIn(list), undefined);
  });
});

describe("pickled batches", () => {
  const hex = (bytes: Uint8Array) =>
    [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  it("are protocol 2, byte by byte", () => {
    equal(
      hex(pickleFrames([metric("a.b", 1.5, 1000, { precision: 0 })])),
      // Length; PROTO 2, list, mark; path; timestamp; value; tuples; appends, stop.
      "0000001e" + "80025d28" + "5803000000612e62" + "4ae8030000" + "473ff8000000000000" + "8686" +
        "652e",
    );
  });

  it("go past 2038, and hold any letters", () => {
    equal(
      hex(pickleFrames([metric("ä", -1, 2 ** 31)])).slice(8),
      "80025d28" + "5802000000c3a4" + "8a050000008000" + "47bff0000000000000" + "8686" + "652e",
    );
  });

  it("are cut into frames of bounded length", () => {
    const bytes = pickleFrames(metrics(1000), 2000);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const lengths: number[] = [];
    for (let at = 0; at < bytes.length;) {
      lengths.push(view.getUint32(at));
      at += 4 + view.getUint32(at);
    }
    equal(lengths.every((length) => length <= 2000), true);
    equal(lengths.length > 10, true);
  });
});

describe("hosts", () => {
  const cases: [string, string, number][] = [
    ["a", "a", 2003],
    ["a:1", "a", 1],
    ["10.0.0.1:65535", "10.0.0.1", 65535],
    ["[::1]:7", "::1", 7],
    ["[::1]", "::1", 2003],
    ["fe80::1", "fe80::1", 2003],
  ];
  for (const [entry, name, port] of cases) {
    it(entry, () => deepEqual(splitAddress(entry, 2003), { name, port }));
  }
  for (const entry of ["", "a:0", "a:99999"]) {
    it(`"${entry}" is none`, () => throws(() => splitAddress(entry, 2003), /is no host/));
  }
});

describe("datagrams", () => {
  const pack = (text: string, most: number) =>
    packLines(new TextEncoder().encode(text), most).map((bytes) => new TextDecoder().decode(bytes));

  it("hold whole lines, as many as fit", () =>
    deepEqual(pack("aa 1\nbb 2\ncc 3\n", 10), ["aa 1\nbb 2\n", "cc 3\n"]));
  it("hold a line that is too long alone", () =>
    deepEqual(pack("a\nbbbbbbbbbbbb\nc\n", 5), ["a\n", "bbbbbbbbbbbb\n", "c\n"]));
  it("are none for nothing", () => deepEqual(pack("", 10), []));
});

describe("strftime", () => {
  const date = new Date(Date.UTC(2024, 1, 29, 3, 4, 5, 6));
  it("knows the usual letters", () => {
    equal(
      strftime("%Y-%m-%d %H:%M:%S %j %a %b %p %I %y %% %Q", date, utc),
      "2024-02-29 03:04:05 060 Thu Feb AM 03 24 % %Q",
    );
  });
  it("tells the time of a zone, and how far it is ahead", () => {
    equal(
      strftime("%F %T %z %Z %s", date, () => -210),
      "2024-02-28 23:34:05 -0330 -0330 1709175845",
    );
    equal(strftime("%X %z %Z", date, utc), "03:04:05 +0000 UTC");
  });
});

describe("log records", () => {
  const record = {
    time: new Date(Date.UTC(2024, 0, 2, 1, 4, 5, 67)),
    level: 40,
    logger: "diamond",
    message: "hello",
    pid: 7,
    age: 12,
  };
  it("default form", () => {
    equal(
      formatRecord(
        record,
        "[%(asctime)s] [%(levelname)s] [%(threadName)s:%(processName)s] %(message)s",
        "",
        () => 120,
      ),
      "[2024-01-02 03:04:05,067] [ERROR] [MainThread:MainProcess] hello",
    );
  });
  it("widths, numbers and what is not known", () => {
    equal(
      formatRecord(
        record,
        "%(levelname)-8s|%(process)5d|%(msecs)03d|%(nope)s|%%|%(asctime)s",
        "%H.%M",
        () => 120,
      ),
      "ERROR   |    7|067|%(nope)s|%|03.04",
    );
  });
});

describe("rotation", () => {
  const at = (text: string) => Date.parse(`${text}Z`);

  it("by unit, at midnight, at the end of a weekday", () => {
    equal(nextRotation("S", 5, at("2024-01-01T00:00:00"), utc), at("2024-01-01T00:00:05"));
    equal(nextRotation("midnight", 3, at("2024-01-01T13:00:00"), utc), at("2024-01-02T00:00:00"));
    // 2024-01-01 is a Monday, W0.
    equal(nextRotation("W0", 1, at("2024-01-01T13:00:00"), utc), at("2024-01-02T00:00:00"));
    equal(nextRotation("W6", 1, at("2024-01-01T13:00:00"), utc), at("2024-01-08T00:00:00"));
    equal(nextRotation("NEVER", 1, 0, utc), Infinity);
  });

  /** Central Europe in 2024. */
  const europe: Zone = (time) =>
    time >= at("2024-03-31T01:00:00") && time < at("2024-10-27T01:00:00") ? 120 : 60;
  /** A zone whose clocks are set at midnight, forward on the 10th of June and back on the 20th. */
  const atMidnight: Zone = (time) =>
    time >= at("2024-06-10T03:00:00") && time < at("2024-06-20T02:00:00") ? -120 : -180;

  it("at a zone's midnight, also on the days on which clocks are set", () => {
    const next = (zone: Zone, from: string) =>
      new Date(nextRotation("MIDNIGHT", 1, at(from), zone)).toISOString().slice(0, 16);
    equal(next(europe, "2024-01-01T22:59:59"), "2024-01-01T23:00");
    equal(next(europe, "2024-01-01T23:00:00"), "2024-01-02T23:00");
    equal(next(europe, "2024-03-31T00:30:00"), "2024-03-31T22:00");
    equal(next(europe, "2024-10-27T00:30:00"), "2024-10-27T23:00");
    equal(nextRotation("W6", 1, at("2024-03-30T12:00:00"), europe), at("2024-03-31T22:00:00"));
    // There is no midnight before that day: it begins at one.
    equal(next(atMidnight, "2024-06-09T12:00:00"), "2024-06-10T03:00");
    equal(next(atMidnight, "2024-06-10T12:00:00"), "2024-06-11T02:00");
    equal(next(atMidnight, "2024-06-19T12:00:00"), "2024-06-20T03:00");
    equal(rotatedSuffix("MIDNIGHT", 1, at("2024-03-31T22:00:00"), europe), "2024-03-31");
  });

  it("names the period that ended by its start", () => {
    equal(rotatedSuffix("MIDNIGHT", 1, at("2024-03-01T00:00:00"), utc), "2024-02-29");
    equal(rotatedSuffix("H", 2, at("2024-01-01T14:00:00"), utc), "2024-01-01_12");
    equal(rotatedPattern("H").test(".2024-01-01_12"), true);
    equal(rotatedPattern("H").test(".2024-01-01_12.gz"), true);
    equal(rotatedPattern("H").test(".2024-01-01_12.3.gz"), true);
    equal(rotatedPattern("MIDNIGHT").test(".2024-01-01_12"), false);
  });
});

describe("pairs of lines", () => {
  it("puts names and values together, those that are wanted", () => {
    const read = pairReader("Tcp", (name) => name !== "Dull");
    const text = (names: string, values: string) =>
      Cursor.of(`Ip: A B\nIp: 1 2\nTcp: ${names}\nTcp: ${values}\n`);
    const pairs = (names: string, values: string) =>
      read(text(names, values), ignore)?.map(({ name, value }) => [name, value]);
    deepEqual(pairs("C Dull MaxConn", "3 4 -1"), [["C", 3], ["MaxConn", -1]]);
    deepEqual(pairs("C Dull MaxConn", "5 6 -1"), [["C", 5], ["MaxConn", -1]]);
    // Another kernel after a live update, or another file.
    deepEqual(pairs("Dull C New", "7 8 9"), [["C", 8], ["New", 9]]);
    equal(read(Cursor.of("x\n"), ignore), undefined);
  });

  it("cost themselves where they cannot be read", () => {
    const read = pairReader("Tcp", () => true);
    const skipped: string[] = [];
    const pairs = (text: string) =>
      read(Cursor.of(text), (line) => void skipped.push(line.line() ?? ""))?.map((
        { name, value },
      ) => `${name}=${value}`);
    equal(pairs("Tcp: C\nUdp: D\n"), undefined, "gVisor has names without values");
    equal(pairs("Tcp: C D\nTcp: 1\n"), undefined);
    equal(pairs("Tcp: C D\nTcp: 1 2 3\n"), undefined);
    deepEqual(pairs("Tcp: C D E\nTcp: 1 x 3\n"), ["C=1", "E=3"]);
    deepEqual(pairs("Tcp: C D\nTcp: C D\nTcp: 1 2\n"), ["C=1", "D=2"]);
    deepEqual(skipped.length, 5);
  });
});

function ignore(): void {}

describe("names and values, one in each line", () => {
  const wanted = (name: string) => /^[b-e]/.test(name);
  const values = (read: ReturnType<typeof fieldReader>, text: string) =>
    read(Cursor.of(text), ignore).map(({ name, value }) => `${name}=${value}`);

  it("are found wherever they stand, however long the numbers are", () => {
    const random = randomFrom(11);
    const read = fieldReader(wanted);
    const number = () => Math.floor(random() * 10 ** Math.floor(random() * 18));
    let lines = ["a", "b:", "bb", "aa", "c", "ccc", "d", "x", "y"].map((name) => ({
      name,
      value: 0,
    }));
    for (let round = 0; round < 3000; round++) {
      const at = Math.floor(random() * lines.length);
      if (round % 3 > 0) lines[at].value = number();
      if (round % 50 === 0) lines = lines.toSpliced(at, 1);
      if (round % 50 === 25) {
        const name = `${"abcdexyz"[round % 8]}${round % 7}`;
        lines = lines.toSpliced(at, 0, { name, value: number() });
      }
      const blanks = round % 200 < 100 ? " " : "\t";
      const text = lines.map(({ name, value }) => `${name}${blanks}${value}\n`).join("");
      const expected = lines.map(({ name, value }) => `${name.replace(":", "")}=${value}`);
      deepEqual(values(read, text), expected.filter(wanted), `round ${round}:\n${text}`);
    }
  });

  it("are not taken for others that begin alike", () => {
    const read = fieldReader((name) => name === "b");
    deepEqual(values(read, "a 1\nb 2\n"), ["b=2"]);
    deepEqual(values(read, "a 1\nbc 3\nb 4\n"), ["b=4"]);
    deepEqual(values(read, "a 1\nbc 3\n"), []);
    deepEqual(values(read, "a 1\nb 5\nb 6\n"), ["b=5", "b=6"]);
    deepEqual(values(read, ""), []);
  });

  it("have the unit that is asked for", () => {
    const read = fieldReader(() => true, "kB");
    deepEqual(values(read, "A: 1 kB\nB: 2\nC: 3 kB\n"), ["A=1", "C=3"]);
    deepEqual(values(read, "A: 10 kB\nB: 2\nC: 30 kB\n"), ["A=10", "C=30"]);
  });
});

/** The same numbers from 0 to 1 in each run. Source: Numerical Recipes' linear congruential generator. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

describe("/etc/hosts", () => {
  it("has the aliases of an address, in their order", () => {
    const text = "127.0.0.1 localhost\n127.0.1.1\tweb1 web1.example.org # own\n# 127.0.1.1 x\n";
    deepEqual(namesOf(text, "127.0.1.1"), ["web1", "web1.example.org"]);
    deepEqual(namesOf(text, "10.0.0.1"), []);
  });
});

describe("lists of processors", () => {
  it("are counted, or are none", () => {
    deepEqual(["0-3,6", "0", "3-0", "0-99999999999", "0-3,", ""].map(processorsIn), [
      5,
      1,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
