import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { addressText, parseAddress } from "../../page/place.ts";
import { liveRange } from "../../page/range.ts";

describe("the address of the page", () => {
  it("keeps view, series and range, whatever is in a name", () => {
    const place = { view: "metrics", paths: ["a.b&c=d", "a.<b>#x", "ä.%41"] } as const;
    const range = { kind: "live", seconds: 300 } as const;
    deepEqual(parseAddress(addressText(place, range)), { place, range });
  });

  it("is short where there is nothing to keep", () => {
    equal(addressText({ view: "overview", paths: ["a.b"] }, liveRange), "#overview");
  });

  it("leads to the first screen where it makes no sense", () => {
    for (const hash of ["", "#", "#nothing", "#constructor?range=x", "#?path="]) {
      const { place, range } = parseAddress(hash);
      equal(place.view, "overview");
      deepEqual(range, liveRange);
    }
  });

  it("has each series once, and not more than can be shown", () => {
    const paths = Array.from({ length: 100 }, (_, at) => `path=a.${at % 50}`);
    equal(parseAddress(`#metrics?${paths.join("&")}`).place.paths.length, 30);
  });
});
