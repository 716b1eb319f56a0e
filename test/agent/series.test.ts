import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { createCollectorRunner } from "../../src/agent/collector_runner.ts";
import { readRange } from "../../src/agent/range.ts";
import { findSeries } from "../../src/agent/series.ts";
import { defineCollector, gauge } from "../../src/core/collector.ts";
import type { History, HistoryQuery } from "../../src/ports/history.ts";
import type { Host } from "../../src/ports/host.ts";
import { commonDefaults } from "../harness/defaults.ts";
import { createFakeClock } from "../harness/fake_clock.ts";
import { recordedLog } from "../harness/recorded_log.ts";

const clock = createFakeClock();

/** A collector that publishes `a` in each run and `b` in its first. */
function runner(section: string) {
  let runs = 0;
  const collector = defineCollector({
    name: "C",
    doc: "",
    path: "c",
    options: {},
    metrics: { a: gauge("", 1, "percent"), b: gauge("") },
    collect({ emit }) {
      emit("a", 1.26 + ++runs);
      if (runs === 1) emit("b", 7);
    },
  });
  const options = { ...commonDefaults, path: section, path_prefix: "s", interval: 10 };
  const host = { clock, cpus: 1 } as unknown as Host;
  return createCollectorRunner({ section, collector, options }, "h", 0, host, recordedLog());
}

/** A history of two paths, of which one has values. */
function history(values: readonly number[]) {
  const asked: HistoryQuery[] = [];
  const bytes = Float64Array.from(values);
  const past = {
    paths: () => ["s.h.Gone.x", "s.h.One.a", "s.h.One.nothing"],
    read(query: HistoryQuery) {
      asked.push(query);
      const series = query.paths.filter((path) => path !== "s.h.One.nothing").map((path) => ({
        path,
        min: bytes,
        mean: bytes,
        max: bytes,
      }));
      return { start: 1000, step: 10, series };
    },
  } as unknown as History;
  return { past, asked };
}

describe("the series of an agent", () => {
  it("have their last values, also those that the last run left out", async () => {
    const runners = [runner("Two"), runner("One")];
    for (const one of runners) {
      equal(findSeries([one], undefined, {}).total, 0, "before its first run");
      await one.run(100);
      await one.run(110);
    }
    const { total, series } = findSeries(runners, undefined, { match: "one" });
    equal(total, 2);
    deepEqual(series, [
      { path: "s.h.One.a", value: 3.3, time: 110, unit: "percent", collector: "One" },
      { path: "s.h.One.b", value: 7, time: 100, unit: "", collector: "One" },
    ]);
    const some = findSeries(runners, undefined, { limit: 1 });
    deepEqual([some.total, some.series.map(({ path }) => path)], [4, ["s.h.One.a"]]);
  });

  it("have the values of a time in the past, with unit and collector where these are still there", async () => {
    const now = runner("One");
    await now.run(100);
    const { past, asked } = history([1, 2, NaN]);
    const { total, series } = findSeries([now], past, { at: 1025, match: "s.h" });
    equal(total, 3);
    deepEqual(series, [
      { path: "s.h.Gone.x", value: 2, time: 1010, unit: "", collector: "" },
      { path: "s.h.One.a", value: 2, time: 1010, unit: "percent", collector: "One" },
    ]);
    deepEqual(asked.map(({ from, to, paths }) => [from, to, paths.length]), [
      [965, 1025, 3],
      [425, 1025, 1],
    ]);
    throws(() => findSeries([now], undefined, { at: 1025 }), /this agent keeps no history: add H/);
  });

  it("have ranges, with null where there is no value", () => {
    const { past } = history([1, NaN]);
    const query = { paths: ["s.h.One.a"], from: 0, to: 20, points: 2 };
    deepEqual(readRange(past, query).series[0].mean, [1, null]);
    throws(() => readRange(past, { ...query, from: NaN }), /a range needs paths, from, to/);
    throws(() => readRange(undefined, query), /this agent keeps no history/);
  });
});
