/**
 * The loop: `npm run check` says in under a minute whether the sources hold, under one runtime.
 * `npm run check -- NAME` runs the tests of one collector, one file or one title, in seconds.
 */

import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { createSteps, UNIT_SHARDS, UNIT_TESTS } from "./steps.mjs";
import { bun, deno, ensurePackages, root } from "./tools.mjs";

const [name] = process.argv.slice(2);
ensurePackages();
const { step, statics, underBun, end } = createSteps();

if (name === undefined) {
  const count = UNIT_SHARDS.length;
  await Promise.all([
    statics(),
    ...UNIT_SHARDS.map((paths, index) => underBun(`tests ${index + 1} of ${count}`, paths)),
  ]);
} else {
  await Promise.all([step("rooms", bun(), ["build/dev/lint.ts"]), step("lint", deno(), ["lint"])]);
  await named(name);
}
await end();

/** The test files of that name; of a collector, its recorded hosts; else the tests whose title has the word. */
async function named(word) {
  const files = UNIT_TESTS.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".test.ts")
    ).map((file) => join(room, file))
  );
  const own = files.filter((file) => basename(file).startsWith(`${word}.`));
  if (own.length > 0) await underBun(own.join(" "), own);
  if (existsSync(join(root, "test/collectors", word))) {
    await underBun(`collectors, ${word}`, ["test/collectors/collectors.test.ts"], "-t", `${word}/`);
  } else if (own.length === 0) {
    await underBun(`titles with "${word}"`, files, "-t", word);
  }
}
