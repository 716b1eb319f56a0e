/** A thousand broken configurations: no crash, no hang, and every problem names its file and line. */

import { equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { collectors } from "../../src/collectors/registry.ts";
import { formatProblem } from "../../src/config/problems.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { memoryFiles } from "../harness/memory_files.ts";

const root = join(import.meta.dirname!, "../..");
const originals = [
  readFileSync(join(root, "conf/diamond.conf"), "utf8"),
  readFileSync(join(root, "test/e2e/old_diamond.conf.in"), "utf8"),
].map((text) => text.replaceAll("@port@", "2003").replaceAll("@base@", "/tmp/x"));

const COUNT = 1000;
const SCRAPS = [
  '"',
  "'",
  "'''",
  '"""',
  "[",
  "]",
  "[[",
  "=",
  ",",
  "#",
  "\n",
  "\0",
  "%(",
  ")s",
  "%(x)s",
  "\\",
  "enabled = ",
  "𝄞",
  "\r",
  "1e999",
  "-1",
  "NaN",
  "__proto__",
];

/** A generator whose sequence is the same each time (Mulberry32). */
function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let value = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

function mutate(text: string, random: () => number): string {
  const at = () => Math.floor(random() * text.length);
  for (let change = 1 + Math.floor(random() * 4); change > 0; change--) {
    const [here, there] = [at(), at()];
    const scrap = SCRAPS[Math.floor(random() * SCRAPS.length)];
    const lines = text.split("\n");
    const line = Math.floor(random() * lines.length);
    switch (Math.floor(random() * 6)) {
      case 0:
        text = text.slice(0, here) + scrap + text.slice(here);
        break;
      case 1:
        text = text.slice(0, here) + text.slice(here + 1 + Math.floor(random() * 20));
        break;
      case 2:
        text = text.slice(0, here) + text.slice(Math.min(here, there), Math.min(here, there) + 40) +
          text.slice(here);
        break;
      case 3:
        lines[line] = lines[line].replace(/=.*/, `= ${scrap}`);
        text = lines.join("\n");
        break;
      case 4:
        lines[line] = lines[line].replace(/^#\s*/, "");
        text = lines.join("\n");
        break;
      default:
        text = text.slice(0, here);
    }
    if (text === "") return "[";
  }
  return text;
}

describe("broken configurations", () => {
  it(`${COUNT} of them`, async () => {
    const random = randomFrom(42);
    let broken = 0;
    // Loading them all takes a second or two, once.
    await Promise.all(
      [...Object.values(collectors), ...Object.values(handlers)].map((load) => load()),
    );
    for (let number = 0; number < COUNT; number++) {
      const text = mutate(originals[number % originals.length], random);
      const started = Date.now();
      const { problems } = await resolveSettings({
        path: "/etc/d.conf",
        files: memoryFiles({ "/etc/d.conf": text }),
        catalogue: { collectors, handlers },
        everything: true,
      });
      ok(Date.now() - started < 2000, "no hang");
      const lines = text.split("\n").length;
      for (const problem of problems) {
        match(formatProblem(problem), /^\/etc\/d\.conf(:\d+)?: (error|warning): \S/);
        ok(problem.line >= 0 && problem.line <= lines);
        // Only what is missing has no line.
        if (problem.line === 0) {
          match(
            problem.message,
            /^(there is no \[server\] section|\[server\] names no handlers|none of the handlers|no collector)/,
          );
        }
      }
      if (problems.some(({ severity }) => severity === "error")) broken++;
    }
    ok(broken > COUNT / 4, `${broken} of ${COUNT} were really broken`);
    equal(({} as Record<string, unknown>).enabled, undefined, "no prototype was touched");
  });
});
