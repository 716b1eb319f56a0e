/** Every package that the executable can contain is named, with a text of its licence. */

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Flags } from "../../src/cli/command.ts";
import { versionCommand } from "../../src/cli/version.ts";
import type { World } from "../../src/cli/world.ts";
import { root } from "../harness/agent_process.ts";

let text = "";
const world = {
  out: { write: (more: string) => (text += more) },
  buildInfo: {},
} as unknown as World;
const flags: Flags = { words: [], text: () => undefined, on: (name) => name === "licenses" };
equal(await versionCommand(world).run(flags), 0);

describe("version --licenses", () => {
  it("names each package and its version, and Bun", () => {
    const { dependencies, devDependencies: { bun, uplot } } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    );
    const all = Object.entries<string>({ ...dependencies, uplot });
    deepEqual(all.filter(([name, version]) => !text.includes(`\n${name} ${version} (`)), []);
    match(text, new RegExp(`runs on Bun ${bun} \\(MIT\\)`));
  });

  it("has a text below each", () => {
    const parts = text.split(/^={80}\n/m).slice(1);
    const said = /Permission|PERMISSION|Apache License|Redistribution|public domain|permission/;
    deepEqual(parts.filter((part) => !said.test(part.split("\n\n").slice(1).join("\n"))), []);
  });
});
