/** StatsD's samples between two flushes: what is a sample, what is added up, and what hostile ones can take. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { parseStatsd } from "../../src/formats/statsd_samples.ts";
import { StatsdTotals, upper } from "../../src/formats/statsd_totals.ts";

function totalsOf(lines: readonly string[], maxNames = 100): StatsdTotals {
  const totals = new StatsdTotals(maxNames);
  for (const line of lines) for (const sample of parseStatsd(line, true) ?? []) totals.add(sample);
  return totals;
}

describe("a line of StatsD", () => {
  it("that is none is refused", () => {
    const lines = [
      "",
      ":",
      "a",
      "a:",
      "a:|c",
      "a:1",
      "a:1|",
      "a:1|x",
      ":1|c",
      "a:1|constructor",
      "a:0x10|c",
      "a:1e999|c",
      "a:Infinity|g",
      "a: |c",
      "a:1|c|@0",
      "a:1|c|@2",
      "a:1|c|@x",
      "a:1:x|ms",
      "...:1|c",
      `${"a".repeat(251)}:1|c`,
    ];
    for (const line of lines) equal(parseStatsd(line, true), undefined, line);
    const digits = "1".repeat(4_000_000);
    for (const end of ["x", ".x", "ex"]) equal(parseStatsd(`a:${digits}${end}|c`, true), undefined);
  });

  it("has its tags in order, and no more nodes than they are", () => {
    equal(parseStatsd("a:1|c|#z:1.5,b:x y,c", true)?.[0].name, "a.b.x_y.c.z.1_5");
    equal(parseStatsd("a:1|c|#z:1", false)?.[0].name, "a");
  });
});

describe("totals", () => {
  it("keep a gauge over a flush, so that it can be changed", () => {
    const totals = totalsOf(["a:5|g"]);
    totals.flush();
    ok(!totals.isNew(totals.gauges.get("a")!));
    totals.add(parseStatsd("a:-2|g", true)![0]);
    equal(totals.gauges.get("a")?.value, 3);
    ok(totals.isNew(totals.gauges.get("a")!));
  });

  it("leave out names over the limit, and name the first one", () => {
    const lines = Array.from(
      { length: 10_000 },
      (_, at) => `n${at}:1|${["c", "g", "ms", "s"][at % 4]}`,
    );
    const totals = totalsOf(lines);
    const { counters, gauges, timers, sets, leftOut, crowd } = totals;
    deepEqual([counters.size + gauges.size + timers.size + sets.size, leftOut, crowd], [
      100,
      9900,
      'more than max_names = 100, with "n100"',
    ]);
    for (let flush = 0; flush < 61; flush++) totals.flush();
    equal(counters.size, 0, "names that are gone make room");
  });

  it("keep so many values of timers and members of sets, and count all", () => {
    const totals = totalsOf(Array.from({ length: 250_000 }, (_, at) => `t:${at}|ms`));
    const { value } = totals.timers.get("t")!;
    deepEqual([value.count, value.max, value.values.length], [250_000, 249_999, 200_000]);
    for (let at = 0; at < 10; at++) totals.add(parseStatsd(`s:${at}|s`, true)![0]);
    deepEqual([totals.sets.get("s")?.value.size, totals.leftOut, totals.crowd], [
      0,
      10,
      'more than 200000 values of timers and members of sets, with "s"',
    ]);
  });

  it("keep less of members that are long", () => {
    const totals = totalsOf([]);
    for (let at = 0; at < 20_000; at++) {
      totals.add(parseStatsd(`s:${"x".repeat(1000)}${at}|s`, true)![0]);
    }
    ok(totals.sets.get("s")!.value.size < 10_000 && totals.leftOut > 10_000);
  });

  it("take percentiles as StatsD does", () => {
    const sorted = Array.from({ length: 100 }, (_, at) => at + 1);
    deepEqual([50, 95, 99, 100, 0.1].map((percent) => upper(sorted, percent)), [
      50,
      95,
      99,
      100,
      1,
    ]);
  });
});
