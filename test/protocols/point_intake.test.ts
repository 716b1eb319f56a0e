/** What a listener's peers send between two runs: bounded, and what is repeated takes one place. */

import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { PointIntake } from "../../src/protocols/point_intake.ts";

const pointsOf = (intake: PointIntake) => {
  const found: string[] = [];
  intake.each((path, value, time) => found.push(`${path} ${value} ${time}`));
  return found;
};

describe("the points of an interval", () => {
  it("have the last value of each path and time, and count the others", () => {
    const intake = new PointIntake({ max_points: 100, max_names: 10 });
    for (let times = 1; times <= 2; times++) {
      for (let at = 1; at <= 3; at++) intake.add("a", times * 10 + at, at);
      intake.add("b", times, 1);
    }
    deepEqual(pointsOf(intake), ["a 21 1", "a 22 2", "a 23 3", "b 2 1"]);
    equal(intake.repeated, 4);
    intake.flush();
    intake.add("a", 5, 1);
    deepEqual([pointsOf(intake), intake.repeated], [["a 5 1"], 0]);
  });

  it("have the time of the interval where they have none: the last one counts", () => {
    const intake = new PointIntake({ max_points: 100, max_names: 10 });
    for (let value = 1; value <= 3; value++) intake.add("a", value, undefined);
    intake.add("a", 4, 1);
    intake.add("a", 5, undefined);
    deepEqual([pointsOf(intake), intake.repeated], [["a 5 undefined", "a 4 1"], 3]);
  });

  it("take no place that was given back", () => {
    const intake = new PointIntake({ max_points: 100, max_names: 10 });
    intake.add("a", 1, 1);
    const before = intake.save();
    intake.add("b", 2, 1);
    intake.add("a", 2, 2);
    intake.restore(before);
    intake.add("c", 3, 1);
    intake.add("a", 4, 2);
    intake.add("b", 5, 1);
    deepEqual(pointsOf(intake), ["a 1 1", "c 3 1", "a 4 2", "b 5 1"]);
    equal(intake.repeated, 0);
  });

  it("that are repeated are taken where there is room for no more", () => {
    const intake = new PointIntake({ max_points: 2, max_names: 10 });
    for (let times = 1; times <= 2; times++) {
      for (let at = 1; at <= 3; at++) intake.add("a", times, at);
    }
    deepEqual([pointsOf(intake), intake.repeated, intake.leftOut], [["a 2 1", "a 2 2"], 2, 2]);
  });
});
