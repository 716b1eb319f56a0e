import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { gauge, rate } from "../../src/core/collector.ts";
import { unitOfSeries, unitOfTotal, unitText } from "../../src/core/metric_unit.ts";
import { makeSeries } from "../../src/core/make_series.ts";

const naming = {
  prefix: "servers",
  host: "a",
  suffix: "",
  collector: "c",
  instancePrefix: "instances",
};

function unitsOf(pattern: string, spec: ReturnType<typeof gauge>, ...names: string[][]): string[] {
  return names.map((parts) =>
    makeSeries({ naming, ttl: 10 }, { pattern, parts }, spec, true).series.unit
  );
}

describe("the unit of a series", () => {
  it("is a part of its name", () => {
    const spec = rate("", 0, { unit: "{unit}/s" });
    deepEqual(unitsOf("{device}.rx_{unit}", spec, ["eth0", "byte"], ["eth0", "kilobit"]), [
      "byte/s",
      "kilobit/s",
    ]);
  });

  it("is by the field, in the order of the table", () => {
    const spec = gauge("", 0, { percent: "*_percent", byte: "mem.* size", s: "" });
    const fields = ["mem.used", "size", "mem.used_percent", "count", ""].map((
      field,
    ) => ["x", field]);
    deepEqual(unitsOf("{server}.{field}", spec, ...fields), ["byte", "byte", "percent", "", ""]);
  });

  it("is none where a part is not there", () => {
    equal(unitOfSeries("{unit}", {}), "");
  });

  it("is told of a declaration in one text", () => {
    equal(unitText({ byte: "a", ms: "b" }), "byte, ms");
    equal(unitText("byte/s"), "byte/s");
  });

  it("is that of the total without the second", () => {
    deepEqual(["byte/s", "percent", "s/s"].map(unitOfTotal), ["byte", "percent", "s"]);
  });
});
