import { deepEqual } from "node:assert/strict";
import { it } from "node:test";
import { fnv1a64 } from "../../src/core/hash.ts";

it("hashes as FNV-1a with 64 bits does", () => {
  deepEqual(["", "a", "foobar"].map(fnv1a64), [
    "cbf29ce484222325",
    "af63dc4c8601ec8c",
    "85944171f73967e8",
  ]);
});
