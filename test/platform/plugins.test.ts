import { deepEqual, equal, throws } from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { collectors } from "../../src/collectors/registry.ts";
import { packed, unpacked } from "../../src/core/packed_numbers.ts";
import { type Option, optionFrom } from "../../src/core/option.ts";
import { collectorsOf, handlersOf } from "../../src/platform/plugins/check.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { findPluginFiles } from "../../src/platform/plugins/discover.ts";
import { temporary } from "../harness/agent_process.ts";

const { path: directory, remove } = temporary();
after(remove);

describe("a user's file", () => {
  const collect = () => {};

  it("is told what is missing in it, and what a right one looks like", () => {
    const wrong: [unknown, RegExp][] = [
      [undefined, /is no object but a value of type undefined/],
      [class {}, /is no object but a function or class/],
      [{ name: "A" }, /has no function "collect".*A right one looks like this: export default/],
      [{ collect }, /has no "name"/],
      [{ name: "a b", collect }, /has the name "a b": letters, digits and _ are allowed/],
      [{ name: "A", collect, doc: 1 }, /"doc" is a value of type number, not a text/],
      [{ name: "A", collect, path: [] }, /"path" is a list/],
      [
        { name: "A", collect, options: { x: 5 } },
        /the option "x" is a value of type number: make it/,
      ],
      [{ name: "A", collect, metrics: { x: "gauge" } }, /the metric "x" is a value of type string/],
      [{ name: "A", collect, prepare: {} }, /"prepare" is a value of type object, not a function/],
      [{ name: "A", collect, systems: "linux" }, /"systems" is a value of type string/],
    ];
    for (const [value, says] of wrong) throws(() => collectorsOf({ default: value }, "f"), says);
    throws(() => handlersOf({ default: { name: "H" } }), /has no function "open"/);
    throws(
      () => handlersOf({ default: { name: "H", open() {}, receipt: "maybe" } }),
      /"receipt" is none of/,
    );
  });

  it("may hold one by default, several by name, or none", () => {
    const one = collectorsOf({ default: { name: "A", collect } }, "f")[0];
    deepEqual([one.name, one.path, one.custom], [
      "A",
      "A",
      { file: "f", freeOptions: true, undeclared: true },
    ]);
    const several = { a: { name: "A", collect }, b: { name: "B", collect, path: "b" }, other: 5 };
    deepEqual(collectorsOf(several, "f").map(({ path }) => path), ["A", "b"]);
    deepEqual(collectorsOf({ help: () => {}, table: {} }, "f"), []);
  });

  it("is found through folders, without tests, hidden ones and what is no module", () => {
    const made = [
      "a.ts",
      "test_a.ts",
      ".b.js",
      "sub/c.mjs",
      "sub/tests/d.js",
      "sub/e.d.ts",
      "f.py",
      "g",
    ];
    for (const name of made) {
      mkdirSync(join(directory, name, ".."), { recursive: true });
      writeFileSync(join(directory, name), "");
    }
    symlinkSync(directory, join(directory, "loop"));
    const { files, problems } = findPluginFiles([directory, "/nowhere"], [], undefined);
    const names = files.map(({ path }) => path.slice(directory.length + 1));
    deepEqual(names.filter((name) => !name.startsWith("loop")), ["a.ts", "f.py", "sub/c.mjs"]);
    equal(problems[0].path, "/nowhere");
  });

  it("is refused to root where others may write it or its folder", () => {
    const folder = join(directory, "open");
    mkdirSync(folder);
    writeFileSync(join(folder, "a.ts"), "");
    const refused = () =>
      findPluginFiles([folder], [], { uids: [4711], gids: [4711] }).files[0].refused ?? "";
    const own = process.getuid?.() ?? 0;
    const said = own === 0 ? /^$/ : /belongs to user/;
    equal(said.test(refused()), true);
    chmodSync(join(folder, "a.ts"), 0o666);
    equal(/everybody|belongs to/.test(refused()), true);
    chmodSync(join(folder, "a.ts"), 0o644);
    chmodSync(folder, 0o777);
    equal(/everybody|belongs to/.test(refused()), true);
    chmodSync(folder, 0o1777);
    equal(said.test(refused()), true, "nobody can replace files where the sticky bit is");
  });
});

describe("what goes to another process", () => {
  it("options are made there as they are here, those of all collectors and handlers", async () => {
    let count = 0;
    for (const load of [...Object.values(collectors), ...Object.values(handlers)]) {
      const { options } = (await load()).default;
      for (const [name, option] of Object.entries(options as Record<string, Option<unknown>>)) {
        // One that a collector makes by hand is described by what it was made of.
        const again = optionFrom(JSON.parse(JSON.stringify(option.made)));
        deepEqual([again.type, again.help.length > 0], [option.type, true], name);
        deepEqual(again.format(again.fallback), option.format(option.fallback), name);
        count++;
      }
    }
    equal(count > 100, true);
    throws(() => optionFrom(["magic", 1]), /"magic" makes no option/);
  });

  it("numbers keep what JSON has not", () => {
    for (const value of [1.5, -3, 2n ** 64n - 1n]) equal(unpacked(packed(value)), value);
    for (const value of [NaN, Infinity, "12", undefined, null]) {
      equal(Number.isNaN(unpacked(packed(value))), true, String(value));
    }
  });
});
