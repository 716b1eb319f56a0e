import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { parseParameters } from "../../src/formats/query_string.ts";

describe("parameters", () => {
  it("are decoded, in their order, of a query and a form together", () => {
    const asked = parseParameters("a=1&b=x%20y+z&a=%C3%A9&empty=&bare", "a=3");
    deepEqual(asked.all("a"), ["1", "é", "3"]);
    equal(asked.text("b"), "x y z");
    deepEqual([asked.text("empty"), asked.text("bare")], ["", ""]);
    deepEqual([asked.text("none"), asked.all("none")], [undefined, []]);
    equal(asked.text("__proto__"), undefined);
  });

  it("stand for themselves where they are not encoded properly, and are bounded", () => {
    equal(parseParameters("a=%zz%").text("a"), "%zz%");
    equal(parseParameters("a=1&".repeat(100_000)).all("a").length, 1000);
  });
});
