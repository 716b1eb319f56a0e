import { deepEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseConfig, toPlain } from "../../src/config/configobj.ts";
import { interpolateAll } from "../../src/config/interpolate.ts";

interface Case {
  readonly text: string;
  readonly tree?: unknown;
  readonly lines?: readonly number[];
  readonly unreadable?: string;
}

/** Recorded from ConfigObj itself by record_cases.py. */
const cases: readonly Case[] = JSON.parse(
  readFileSync(join(import.meta.dirname!, "../config/cases.json"), "utf8"),
);

function read(text: string) {
  const { root, problems } = parseConfig(text, "f");
  const interpolation = problems.length > 0 ? [] : interpolateAll(root, () => false);
  return { tree: toPlain(root, (leaf) => leaf.value), problems, interpolation };
}

describe("files as ConfigObj reads them", () => {
  for (const [index, { text, tree, lines, unreadable }] of cases.entries()) {
    it(`${index}: ${JSON.stringify(text).slice(0, 60)}`, () => {
      const found = read(text);
      if (lines !== undefined) {
        deepEqual(found.problems.map(({ line }) => line).slice(0, 1), lines);
      } else {
        deepEqual(found.problems, []);
        if (unreadable !== undefined) ok(found.interpolation.length > 0, "the interpolation fails");
        else {
          deepEqual(found.interpolation, []);
          deepEqual(JSON.parse(JSON.stringify(found.tree)), JSON.parse(JSON.stringify(tree)));
        }
      }
    });
  }
});
