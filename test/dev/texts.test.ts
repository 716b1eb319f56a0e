/** The texts that the executable has in it: one character beyond Latin-1 makes such a text twice as large there. */

import { deepEqual, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { it } from "node:test";

const source = join(import.meta.dirname!, "../../src");
const IMPORT = /from "(.+)" with \{ type: "text" \}/g;

it("texts of the executable are in Latin-1", () => {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" });
  const texts = files.filter((file) => file.endsWith(".ts")).flatMap((file) =>
    [...readFileSync(join(source, file), "utf8").matchAll(IMPORT)]
      .map(([, target]) => join(source, dirname(file), target))
  );
  ok(texts.length > 3, "finds what is imported as text");
  deepEqual(texts.filter((file) => /[^\0-\xff]/.test(readFileSync(file, "utf8"))), []);
});
