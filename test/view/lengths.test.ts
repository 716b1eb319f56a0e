import { equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { lengthText } from "../../src/view/lengths.ts";

describe("a length of time", () => {
  const texts: readonly (readonly [seconds: number, text: string])[] = [
    [-3, "0 s"],
    [0.52, "0.5 s"],
    [7, "7 s"],
    [45.3, "45 s"],
    [119, "119 s"],
    [600, "10 min"],
    [7200, "2 h"],
    [12_700, "3.5 h"],
    [172_800, "2 d"],
    [200_000, "2.3 d"],
  ];
  for (const [seconds, text] of texts) {
    it(`of ${seconds} s is "${text}"`, () => equal(lengthText(seconds), text));
  }
});
