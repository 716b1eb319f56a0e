import { deepEqual, equal, match, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { gauge, MAX_COUNTER, rate } from "../../src/core/collector.ts";
import { Cursor } from "../../src/core/cursor.ts";
import { createEmitter, type EmitterSettings } from "../../src/core/emitter.ts";
import { badData, codeOf, messageOf } from "../../src/core/errors.ts";
import { metricPath, type Naming } from "../../src/core/naming.ts";
import {
  bool,
  byteUnits,
  choice,
  integer,
  list,
  number,
  patterns,
  secret,
  text,
  words,
} from "../../src/core/option.ts";
import { pythonRegex } from "../../src/core/python_regex.ts";
import { growth, type RateMode } from "../../src/core/rates.ts";
import { fixed } from "../../src/formats/fixed.ts";
import { createErrorReporter } from "../../src/core/error_reporter.ts";
import { byteFactor, convertTime } from "../../src/core/units.ts";
import { recordedLog } from "../harness/recorded_log.ts";

describe("Cursor", () => {
  it("reads fields and lines", () => {
    const cursor = Cursor.of("cpu  1 -2 3.5e1\n\nlast: x y \n");
    equal(cursor.word(), "cpu");
    deepEqual([cursor.uint(), cursor.int(), cursor.float(), cursor.more, cursor.word()], [
      1,
      -2,
      35,
      false,
      "",
    ]);
    deepEqual([cursor.nextLine(), cursor.more, cursor.nextLine()], [true, false, true]);
    deepEqual([cursor.until(":"), cursor.rest(), cursor.nextLine()], ["last", "x y", false]);
  });

  it("reads words of any letters, of one place and not", () => {
    const words = ["sda", "ünïcode", "\u00e9", "x".repeat(65), "MemTotal", "日本"];
    for (let at = 0; at < 5000; at++) words.push(`word${at}`);
    for (let round = 0; round < 2; round++) {
      const cursor = Cursor.of(words.join(" "));
      for (const word of words) equal(cursor.word(), word);
    }
  });

  it("keeps every digit of large counters", () => {
    equal(Cursor.of("18446744073709551615").counter(), 18446744073709551615n);
    equal(Cursor.of("999999999999999").counter(), 999999999999999);
  });

  it("says what it cannot read, and where", () => {
    throws(() => Cursor.of("a b\n", "/proc/x").skip().uint(), (error: Error) => {
      equal(codeOf(error), "bad-data");
      match(error.message, /"b".*\/proc\/x.*"a b"/);
      return true;
    });
    throws(() => Cursor.of("").uint());
    for (const word of ["0x10", "nan", "inf", "1.2.3", ""]) {
      throws(() => Cursor.of(word).float(), `reads "${word}"`);
    }
  });
});

describe("units", () => {
  it("are 1024-based and case-sensitive", () => {
    equal(byteFactor("kB", "bit"), 8192);
    equal(byteFactor("byte", "Mbyte"), 1 / 1048576);
    throws(() => byteFactor("KB", "byte"), /KB/);
  });

  it("convert times without regard to case", () => {
    for (
      const [value, from, to, result] of [[60, "s", "m", 1], [60000, "MS", "minutes", 1], [
        5040000,
        "ms",
        "h",
        1.4,
      ], [1500, "us", "ms", 1.5]] as const
    ) {
      equal(convertTime(value, from, to), result);
    }
    throws(() => convertTime(60, "s", "months"), /months/);
  });
});

describe("Python's regular expressions", () => {
  const cases: [pattern: string, anchor: "match" | "search", text: string, matches: boolean][] = [
    ["b", "match", "abc", false],
    ["b", "search", "abc", true],
    ["(?i)ABC", "match", "abcd", true],
    ["(?P<x>a)(?P=x)", "match", "aab", true],
    ["a\\Z", "match", "ab", false],
    ["\\Aa", "search", "ba", false],
    ["a$", "match", "a\n", true],
    ["[]a]+$", "match", "]a]", true],
    ["[^]]x", "match", "]x", false],
    ["(?x) a b # comment", "match", "ab", true],
    ["(?m)^b", "search", "a\nb", true],
    ["(?m)b", "match", "a\nb", false],
    ["a|b", "match", "xb", false],
    ["a(?#note)b", "match", "ab", true],
  ];
  for (const [pattern, anchor, input, expected] of cases) {
    it(`${pattern} ${anchor} ${JSON.stringify(input)}`, () =>
      equal(pythonRegex(pattern, anchor).test(input), expected));
  }
  for (const pattern of ["a++", "(?>a)", "(?(1)a|b)", "a(?i)b", "(", "[", "*"]) {
    it(`${pattern} is refused by name`, () =>
      throws(
        () => pythonRegex(pattern, "match"),
        (error: Error) => error.message.includes(`"${pattern}"`),
      ));
  }
});

describe("options", () => {
  it("read what people write", () => {
    for (const word of ["True", "t", " YES ", "y", "1", "on"]) {
      equal(bool(false, "").parse(word), true);
    }
    for (const word of ["False", "f", "no", "N", "0", "off", ""]) {
      equal(bool(true, "").parse(word), false);
    }
    equal(number(0, "").parse(" 1.5 "), 1.5);
    deepEqual(list([], "").parse("one"), ["one"]);
    deepEqual(list([], "").parse(""), []);
    deepEqual(words([], "").parse("a b, c"), ["a", "b", "c"]);
    deepEqual(byteUnits(["byte"]).parse(["gigabyte", "MB"]), ["gigabyte", "MB"]);
    equal(text("", "").parse(["a", "b"]), "a, b");
    equal(choice("tcp", ["tcp", "udp"], "").parse("UDP"), "udp");
    equal(patterns([], "match", "").parse("^a").compiled[0].test("ab"), true);
  });

  it("quote what they cannot read", () => {
    throws(() => bool(false, "").parse("maybe"), /cannot read "maybe" as a bool/);
    throws(() => integer(0, "").parse("1.5"), /"1.5" as a whole number/);
    throws(
      () => integer(1, "", { min: 1, max: 5 }).parse("9"),
      /9 is out of range: at least 1, at most 5/,
    );
    throws(() => number(1, "").parse(["1", "2"]), /the list "1", "2" as a number/);
    throws(() => number(1, "").parse({ a: "1" }), /not a section/);
    throws(() => choice("a", ["a", "b"], "").parse("c"), /"c" is none of a, b/);
    throws(() => byteUnits(["byte"]).parse("KB"), /KB/);
    throws(() => patterns([], "match", "").parse("("), /"\("/);
  });

  it("write what they read", () => {
    for (const value of ["", "plain", "a, b", 'say "x"', "it's # here", " edge "]) {
      equal(text("", "").format(value).length > 0, true);
    }
    equal(list([], "").format([]), ",");
    equal(list([], "").format(["a"]), "a,");
    equal(secret("", "").secret, true);
  });
});

describe("growth", () => {
  it("measured: wraps of 32 bits are seen, resets are not guessed", () => {
    equal(growth(10, 15, 0, "measured"), 5);
    equal(growth(2 ** 32 - 6, 4, 0, "measured"), 10);
    equal(growth(2 ** 31 - 6, 4 - 2 ** 31, 0, "measured"), 10, "of a number with a sign, too");
    equal(growth(-2049562273, -2049562223, 0, "measured"), 50);
    equal(growth(5000, 3, 0, "measured"), undefined);
    equal(growth(5000, -3, 0, "measured"), undefined);
    equal(growth(2 ** 33, 3, 0, "measured"), undefined);
    equal(growth(9007199254740993n, 9007199254740995n, 0, "measured"), 2);
  });

  it("diamond: the original's arithmetic, without its spikes", () => {
    equal(growth(250, 4, 255, "diamond"), 9);
    equal(growth(10, 4, 0, "diamond"), 0);
    equal(growth(10, 9, MAX_COUNTER, "diamond"), 0);
  });
});

const NAMING: Naming = {
  prefix: "servers",
  host: "h1",
  suffix: "",
  collector: "C",
  instancePrefix: "instances",
};

describe("metric paths", () => {
  const cases: [Partial<Naming>, string | null, string][] = [
    [{}, null, "servers.h1.C.m.n"],
    [{ collector: "cpu", suffix: "suf" }, null, "servers.h1.suf.cpu.m.n"],
    [{ collector: "." }, null, "servers.h1.m.n"],
    [{ prefix: "" }, null, "h1.C.m.n"],
    [{ host: null, prefix: "", collector: "." }, null, "m.n"],
    [{ host: null, prefix: "", suffix: "s" }, null, "s.C.m.n"],
    [{ collector: "cpu" }, "vm1", "instances.vm1.cpu.m.n"],
  ];
  for (const [naming, instance, path] of cases) {
    it(path, () => equal(metricPath({ ...NAMING, ...naming }, "m.n", instance), path));
  }
});

describe("emitter", () => {
  const none = patterns([], "match", "").fallback;
  const settings: EmitterSettings = {
    naming: NAMING,
    interval: 10,
    ttl: 20,
    rates: "measured",
    whitelist: none,
    blacklist: none,
    metrics: { g: gauge("", 1), "{d}.r": rate("", 2), whole: rate("", 0, { whole: true }) },
    free: false,
  };

  it("publishes gauges at once, rates from the second sample on, by the time that passed", () => {
    const emitter = createEmitter(settings);
    emitter.begin(100, 0);
    equal(emitter.emit("g", 1.25), 1.25);
    equal(emitter.emit("{d}.r", 50, "sda"), undefined);
    deepEqual(emitter.end().metrics.map(({ series }) => series.path), ["servers.h1.C.g"]);
    emitter.begin(110, 12_500);
    equal(emitter.emit("{d}.r", 75, "sda"), 2);
    equal(emitter.emit("whole", 1), undefined);
    const [metric] = emitter.end().metrics;
    deepEqual([metric.series.path, metric.series.labels.d, metric.timestamp], [
      "servers.h1.C.sda.r",
      "sda",
      110,
    ]);
    emitter.begin(120, 22_500);
    equal(emitter.emit("{d}.r", 10, "sda"), undefined, "a reset publishes nothing");
    equal(emitter.emit("whole", 38), 3.7, "a measured rate is not cut");
  });

  it("rates of events have digits for one event in an interval; diamond cuts them", () => {
    const rates = (interval: number, mode: RateMode) => {
      const emitter = createEmitter({ ...settings, interval, rates: mode });
      emitter.begin(0, 0);
      emitter.emit("whole", 7);
      emitter.end();
      emitter.begin(interval, interval * 1003);
      emitter.emit("whole", 8);
      return emitter.end().metrics.map(({ value, series }) => fixed(value, series.precision));
    };
    deepEqual(rates(1, "measured"), ["1.00"]);
    deepEqual(rates(10, "measured"), ["0.10"]);
    deepEqual(rates(300, "measured"), ["0.003"]);
    deepEqual(rates(1, "diamond"), ["1"]);
    deepEqual(rates(10, "diamond"), ["0"]);
  });

  it("two rows of one name never share a rate; the last gauge of a name counts", () => {
    const emitter = createEmitter(settings);
    const run = (second: number, first: number, other: number) => {
      emitter.begin(second, second * 1000);
      emitter.emit("{d}.r", first, "sda");
      emitter.emit("{d}.r", other, "sda");
      emitter.emit("{d}.r", other, "s\nda");
      emitter.emit("{d}.r", first, "s_da");
      emitter.emit("g", 1);
      emitter.emit("g", 2, { precision: 2 });
      emitter.delta("k", first);
      const again = emitter.delta("k", other);
      const { metrics, doubled } = emitter.end();
      return [...metrics.map(({ series, value }) => `${series.name} ${value}`), again, doubled];
    };
    run(0, 100, 5000);
    deepEqual(run(10, 120, 6000), [
      "sda.r 2",
      "s_da.r 100",
      "g 2",
      undefined,
      "servers.h1.C.sda.r",
    ]);
  });

  it("restart begins a rate again", () => {
    const emitter = createEmitter(settings);
    emitter.begin(0, 0);
    emitter.emit("{d}.r", 100, "a");
    emitter.end();
    emitter.begin(10, 10_000);
    equal(emitter.emit("{d}.r", 900, "a", { restart: true }), undefined);
    emitter.end();
    emitter.begin(20, 20_000);
    equal(emitter.emit("{d}.r", 910, "a"), 1);
  });

  it("diamond: the configured interval, and a first 0", () => {
    const emitter = createEmitter({ ...settings, rates: "diamond" });
    emitter.begin(100, 0);
    equal(emitter.emit("{d}.r", 50, "sda"), 0);
    emitter.begin(110, 300);
    equal(emitter.emit("{d}.r", 75, "sda"), 2.5);
  });

  it("finds each series whatever the order, and whatever is left out", () => {
    const emitter = createEmitter(settings);
    const orders = [["a", "b", "c"], ["a", "b", "c"], ["c", "a"], ["b"], ["a", "b", "c", "d"], []];
    const seen = orders.map((devices, run) => {
      emitter.begin(run, run * 1000);
      for (const device of devices) emitter.emit("{d}.r", run * 10, device);
      emitter.emit("g", 1, { instance: `i${run % 2}` });
      emitter.emit("g", 1, { precision: run % 2 });
      return emitter.end().metrics.map(({ series, value }) =>
        [series.labels.d ?? "", series.instance ?? "", series.precision, value].join(" ")
      );
    });
    deepEqual(seen, [
      [" i0 1 1", "  0 1"],
      ["a  2 10", "b  2 10", "c  2 10", " i1 1 1", "  1 1"],
      ["c  2 10", "a  2 10", " i0 1 1", "  0 1"],
      ["b  2 10", " i1 1 1", "  1 1"],
      ["a  2 10", "b  2 10", "c  2 10", " i0 1 1", "  0 1"],
      [" i1 1 1", "  1 1"],
    ]);
  });

  it("knows a series again that is not in each run, until it is forgotten", () => {
    const emitter = createEmitter(settings);
    let run = 0;
    const growths = (value: number, ...devices: string[]) => {
      emitter.begin(++run, run * 1000);
      const published = devices.map((device) => emitter.emit("{d}.r", value, device));
      emitter.end();
      return published;
    };
    deepEqual(growths(10, "a", "b"), [undefined, undefined]);
    growths(0);
    deepEqual(growths(30, "a", "b"), [10, 10]);
    deepEqual(growths(40, "b"), [10]);
    deepEqual(growths(50, "a", "b"), [10, 10]);
    while (run < 200) growths(0);
    deepEqual(growths(500, "a", "b"), [undefined, undefined]);
    deepEqual(growths(501, "a", "b"), [1, 1]);
  });

  it("refuses what is no number, and goes on", () => {
    const emitter = createEmitter(settings);
    emitter.begin(100, 0);
    emitter.emit("g", NaN);
    emitter.emit("g", Infinity);
    emitter.emit("g", 2);
    const run = emitter.end();
    deepEqual([run.metrics.length, run.refused], [1, 2]);
    match(run.reason!, /servers\.h1\.C\.g is NaN/);
    throws(() => emitter.emit("nope", 1), /not declared/);
  });

  it("filters by the name behind the collector", () => {
    const allow = patterns([], "match", "").parse("sd");
    const emitter = createEmitter({ ...settings, whitelist: allow });
    emitter.begin(100, 0);
    emitter.emit("g", 1);
    emitter.emit("{d}.r", 1, "sda");
    emitter.emit("{d}.r", 1, "xsd");
    emitter.begin(110, 10_000);
    emitter.emit("{d}.r", 11, "sda");
    equal(emitter.emit("{d}.r", 11, "xsd"), 1, "the value is known all the same");
    deepEqual(emitter.end().metrics.map(({ series }) => series.name), ["sda.r"]);
  });

  it("takes an instance's path, a precision and a scale of their own", () => {
    const emitter = createEmitter(settings);
    emitter.begin(100, 0);
    emitter.emit("g", 3, { instance: "vm1", precision: 4, scale: 2 });
    const [{ series, value }] = emitter.end().metrics;
    deepEqual([series.path, series.precision, value, series.host, series.instance], [
      "instances.vm1.C.g",
      4,
      6,
      null,
      "vm1",
    ]);
  });

  it("takes a whole path with its host, and the raw value of a rate", () => {
    const emitter = createEmitter({ ...settings, free: true });
    emitter.begin(100, 0);
    const paths: readonly [string, string | null | undefined][] = [
      ["servers.h1.C.a.b", undefined],
      ["devices.pdu7.watts", "pdu7"],
      ["clusters.blue.size.nodes", "blue"],
      ["a.lab.example.org.disk.used", "lab.example.org"],
      ["sum.of.all", null],
      ["alone", null],
    ];
    for (const [path, host] of paths) emitter.emit(path, 1, { path: true, host });
    emitter.emit("servers.h1.C.r", 2, { path: true, form: "counter", raw: 2n ** 63n });
    const { metrics } = emitter.end();
    deepEqual(
      metrics.map(({ series: { path, prefix, host, collector, name } }) =>
        [path, prefix, host, collector, name].join(" ")
      ),
      [
        "servers.h1.C.a.b servers h1 C a.b",
        "devices.pdu7.watts devices pdu7  watts",
        "clusters.blue.size.nodes clusters blue size nodes",
        "a.lab.example.org.disk.used a lab.example.org disk used",
        "sum.of.all sum  of all",
        "alone    alone",
        "servers.h1.C.r servers h1 C r",
      ],
    );
    const { series: { kind }, value, raw } = metrics.at(-1)!;
    deepEqual([kind, value, raw], ["counter", 2, 2n ** 63n]);
  });
});

describe("trouble", () => {
  it("is told in full once, then once a period with a count, and its end", () => {
    let now = 0;
    const log = recordedLog();
    const trouble = createErrorReporter(log, () => now, 60);
    for (; now < 130_000; now += 1000) trouble.report("X", badData("broken"));
    trouble.clear("X", "3 wait");
    trouble.clear("X");
    deepEqual(log.lines.filter((line) => !line.startsWith("debug")), [
      "error X: broken",
      "error X: broken (and 59 more in the last 60 s)",
      "error X: broken (and 59 more in the last 60 s)",
      "info X works again after 130 s, 3 wait",
    ]);
  });

  it("stays quiet when it comes and goes", () => {
    let now = 0;
    const log = recordedLog();
    const trouble = createErrorReporter(log, () => now, 60);
    for (; now < 50_000; now += 1000) {
      trouble.report("X", new Error("a"));
      trouble.clear("X");
    }
    equal(log.lines.filter((line) => !line.startsWith("debug")).length, 2);
  });

  it("names causes, without repeating them", () => {
    equal(
      messageOf(badData("cannot read x", new Error("no such file"))),
      "cannot read x: no such file",
    );
  });
});
