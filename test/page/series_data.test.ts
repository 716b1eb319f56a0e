import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { appended, dataOf, joined, stacked, summaryOf } from "../../page/series_data.ts";

const answer = (step: number, mean: (number | null)[]) => ({
  start: 100,
  step,
  series: [{ path: "a", min: mean, mean, max: mean }],
});

describe("values of a chart", () => {
  it("have the order of the paths that were asked for, and nulls for one without values", () => {
    const { times, series } = dataOf(answer(10, [1, null, 3]), ["b", "a"]);
    deepEqual(times, [100, 110, 120]);
    deepEqual(series.map(({ path, mean }) => [path, mean]), [
      ["b", [null, null, null]],
      ["a", [1, null, 3]],
    ]);
  });

  it("take a new point into its bucket, and leave out what is too old", () => {
    const data = dataOf(answer(10, [1, 2, 3]), ["a"]);
    const next = appended(data, 142, { a: 7 }, 115);
    deepEqual(next.times, [110, 120, 130, 140]);
    deepEqual(next.series[0].mean, [2, 3, null, 7]);
    const again = appended(next, 147, { a: 9, other: 1 }, 115);
    deepEqual(again.series[0].max, [2, 3, null, 9]);
    deepEqual(again.series[0].min, [2, 3, null, 7]);
    deepEqual(again.series[0].mean, [2, 3, null, 8]);
  });

  it("do not change what was drawn before", () => {
    const data = dataOf(answer(10, [1]), ["a"]);
    appended(data, 130, { a: 5 }, 0);
    deepEqual(data.series[0].mean, [1]);
    deepEqual(data.times, [100]);
  });

  it("are summed up without the buckets that have none", () => {
    const data = dataOf(answer(10, [null, 4, 2, null]), ["a"]);
    deepEqual(summaryOf(data.series[0]), { now: 2, min: 2, mean: 3, max: 4 });
    equal(summaryOf(dataOf(answer(10, [null]), ["a"]).series[0]).now, undefined);
  });

  it("are joined where the series is only sparser than its buckets, and apart over a gap", () => {
    const times = Array.from({ length: 11 }, (_, at) => at);
    const values = [1, null, 2, null, 3, null, null, null, null, null, 4];
    deepEqual(joined(times, values), [
      ...[1, undefined, 2, undefined, 3],
      ...[null, null, null, null, null, 4],
    ]);
  });

  it("stack on top of each other, and have a gap where none has a value", () => {
    deepEqual(stacked([[1, null, undefined, 2], [1, null, 3, null]]), [
      [1, null, undefined, 2],
      [2, null, 3, 2],
    ]);
  });
});
