/** A collector whose names have no end, and all of them together: memory stays, and it is told by name. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { createEmitter } from "../../src/core/emitter.ts";
import { adaptRoom, type SeriesBudget, SeriesLimit } from "../../src/core/series_limit.ts";

const none = { source: [], compiled: [] } as never;

function emitterWith(limit: SeriesLimit) {
  return createEmitter({
    naming: { prefix: "p", host: "h", suffix: "", collector: "c", instancePrefix: "i" },
    interval: 1,
    ttl: 2,
    rates: "measured",
    whitelist: none,
    blacklist: none,
    metrics: {},
    free: true,
    limit,
  });
}

describe("the limit of series", () => {
  it("leaves out what is over it, by name, and goes on with the others", () => {
    const budget = { max: 1000, used: 0 };
    const emitter = emitterWith(new SeriesLimit(100, budget));
    for (let run = 1; run <= 3; run++) {
      emitter.begin(run, run * 1000);
      for (let series = 0; series < 120; series++) emitter.emit(`s${series}`, series);
      const { metrics, refused, leftOut, reason } = emitter.end();
      deepEqual([metrics.length, refused, leftOut, budget.used], [100, 0, 20, 100]);
      match(reason ?? "", /"s100" is left out: it has max_series = 100 series/);
    }
  });

  it("lets names that are gone make room: with new ones in each run memory is bounded, nothing left out", () => {
    const budget = { max: 1000, used: 0 };
    const limit = new SeriesLimit(100, budget);
    const emitter = emitterWith(limit);
    let crowds = 0;
    for (let run = 1; run <= 200; run++) {
      emitter.begin(run, run * 1000);
      for (let series = 0; series < 20; series++) emitter.emit(`r${run}.s${series}`, 1);
      const { metrics, leftOut } = emitter.end();
      deepEqual([metrics.length, leftOut], [20, 0]);
      ok(budget.used <= 100, `${budget.used} series`);
      if (limit.takeCrowd() !== undefined) crowds++;
    }
    ok(crowds > 10, "it is told");
    limit.end();
    equal(budget.used, 0);
  });

  it("is shared by all collectors", () => {
    const budget = { max: 150, used: 0 };
    const emitters = [1, 2].map(() => emitterWith(new SeriesLimit(100, budget)));
    const runs = emitters.map((emitter) => {
      emitter.begin(1, 1000);
      for (let series = 0; series < 100; series++) emitter.emit(`s${series}`, series);
      return emitter.end();
    });
    deepEqual(runs.map((run) => run.leftOut), [0, 50]);
    match(runs[1].reason ?? "", /all collectors have max_series = 150 series of \[server\]/);
  });

  it("that is shared: names of one collector that are gone make room for another one", () => {
    const budget = { max: 150, used: 0, sharers: new Set<SeriesLimit>() };
    const [churning, other] = [1, 2].map(() => emitterWith(new SeriesLimit(1000, budget)));
    for (let run = 1; run <= 3; run++) {
      churning.begin(run, run * 1000);
      for (let series = 0; series < 50; series++) churning.emit(`r${run}.s${series}`, 1);
      churning.end();
    }
    other.begin(3, 3000);
    for (let series = 0; series < 60; series++) other.emit(`s${series}`, 1);
    const { metrics, leftOut } = other.end();
    deepEqual([metrics.length, leftOut, budget.used], [50, 10, 150]);
  });

  it("that is shared shrinks while memory is short, and series that are there stay", () => {
    const budget: SeriesBudget = { max: 50_000, used: 0, sharers: new Set() };
    const emitter = emitterWith(new SeriesLimit(50_000, budget));
    const publish = (run: number, count: number) => {
      emitter.begin(run, run * 1000);
      for (let series = 0; series < count; series++) emitter.emit(`s${series}`, 1);
      return emitter.end();
    };
    publish(1, 30_000);
    adaptRoom(budget, true);
    const { metrics, leftOut, reason } = publish(2, 30_100);
    deepEqual([metrics.length, leftOut, budget.room], [30_000, 100, 27_000]);
    match(reason ?? "", /all collectors have 27000 series, and the memory is near max_memory/);
    for (let look = 0; look < 50; look++) adaptRoom(budget, true);
    equal(budget.room, 20_000);
    for (let look = 0; look < 50; look++) adaptRoom(budget, false);
    deepEqual([budget.room, publish(3, 30_100).leftOut], [undefined, 0]);
  });

  it("bounds the samples of delta too", () => {
    const limit = new SeriesLimit(100, { max: 1000, used: 0 });
    const emitter = emitterWith(limit);
    for (let run = 1; run <= 50; run++) {
      emitter.begin(run, run * 1000);
      for (let key = 0; key < 30; key++) emitter.delta(`r${run}.${key}`, 1);
      emitter.end();
    }
    ok(emitter.save(0).deltas.length <= 100, `${emitter.save(0).deltas.length} samples`);
    emitter.begin(51, 51_000);
    for (let key = 0; key < 130; key++) emitter.delta(`last.${key}`, 1);
    const { leftOut, reason } = emitter.end();
    ok(leftOut >= 30, `${leftOut} left out`);
    match(reason ?? "", /the growth of "last\.\d+" is left out: it has max_series = 100 series/);
    match(limit.takeCrowd() ?? "", /with the growth of "last\.\d+"/);
  });
});
