import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import {
  boundsOf,
  fixedRange,
  liveRange,
  moved,
  parseRange,
  rangeText,
  SPANS,
  zoomed,
} from "../../page/range.ts";

const NOW = 1_800_000_000;

describe("the range of the charts", () => {
  it("ends now while it is live", () => {
    deepEqual(boundsOf(liveRange, NOW), { from: NOW - 3600, to: NOW });
  });

  it("moves back by a part of itself, and follows the present when it reaches it", () => {
    const back = moved(liveRange, -0.25, NOW);
    deepEqual(back, { kind: "fixed", from: NOW - 4500, to: NOW - 900 });
    deepEqual(moved(back, 0.25, NOW), liveRange);
  });

  it("is never shorter than half a minute", () => {
    const { from, to } = boundsOf(fixedRange(NOW, NOW + 1), NOW);
    equal(to - from >= 30, true);
    deepEqual(zoomed({ kind: "live", seconds: 40 }, 0.5, NOW), { kind: "live", seconds: 30 });
  });

  it("stands in the address and comes back from it", () => {
    for (const [label, , seconds] of SPANS) {
      equal(rangeText({ kind: "live", seconds }), label);
      deepEqual(parseRange(label), { kind: "live", seconds });
    }
    for (const range of [fixedRange(NOW - 100, NOW), { kind: "live", seconds: 1800 } as const]) {
      deepEqual(parseRange(rangeText(range)), range);
    }
  });

  it("is the usual one where the address makes no sense", () => {
    for (const text of ["", "x", "9-1", "0s", "1e9-2e9", "99999999999999999999s"]) {
      deepEqual(parseRange(text), liveRange);
    }
  });
});
