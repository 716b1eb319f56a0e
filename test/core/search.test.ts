import { equal, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { compileSearch } from "../../src/core/search.ts";

const PATH = "servers.web-1.CPU.total.user";

describe("a search", () => {
  for (
    const [text, isFound] of [
      ["", true],
      ["cpu", true],
      ["user cpu", true],
      ["cpu disk", false],
      ["web_1", false],
      ["*.cpu.*", true],
      ["*cpu", false],
      ["servers.*.user", true],
      ["servers.web-[0-9].* total", true],
      ["*.{user,system}", true],
      ["*.{nice,system}", false],
      ["servers.web-?.cpu.total.user", true],
    ] as const
  ) {
    it(`"${text}" ${isFound ? "finds" : "passes over"} ${PATH}`, () => {
      equal(compileSearch(text)(PATH), isFound);
    });
  }

  it("that is too large to be meant is refused, and none takes long", () => {
    throws(() => compileSearch("{a,b}".repeat(20)), RangeError);
    equal(compileSearch("*a".repeat(400))("a".repeat(2000) + "b"), false);
  });
});
