import { equal, match } from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { findPluginFiles } from "../../src/platform/plugins/discover.ts";

const directory = mkdtempSync(join(tmpdir(), "diamond-plugin-trust-"));
after(() => rmSync(directory, { recursive: true }));
const trusted = { uids: [4711], gids: [4711] };

let number = 0;
function made(files: Readonly<Record<string, string>>): string {
  const base = join(directory, `p${number++}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, name)), { recursive: true });
    writeFileSync(join(base, name), text, { mode: 0o644 });
  }
  return base;
}

/** Why `own/a.*` below a folder is not run. */
function refusal(base: string): string {
  const { files } = findPluginFiles([join(base, "own")], [], trusted);
  return files.find(({ path }) => /\/own\/a\.\w+$/.test(path))?.refused ?? "";
}

describe("a plugin that root would run", { skip: process.getuid?.() !== 0 }, () => {
  const kinds: readonly [what: string, files: Readonly<Record<string, string>>, open: string][] = [
    ["itself", { "own/a.js": "" }, "own/a.js"],
    ["its folder", { "own/a.js": "" }, "own"],
    ["a folder above", { "own/a.js": "" }, "."],
    ["a helper below", { "own/a.js": "", "own/sub/b.js": "" }, "own/sub/b.js"],
    ["a folder of helpers", { "own/a.js": "", "own/sub/b.js": "" }, "own/sub"],
    ["JSON beside it", { "own/a.js": "", "own/b.json": "" }, "own/b.json"],
    [
      "compiled Python",
      { "own/a.py": "", "own/__pycache__/b.cpython-311.pyc": "" },
      "own/__pycache__/b.cpython-311.pyc",
    ],
    [
      "a package",
      { "own/a.js": "import 'b'", "node_modules/b/c/d.js": "" },
      "node_modules/b/c/d.js",
    ],
    ["a file elsewhere", { "own/a.js": 'import b from "../lib/b"', "lib/b.ts": "" }, "lib/b.ts"],
    ["what that imports", {
      "own/a.js": 'import b from "../lib/b.ts"',
      "lib/b.ts": "export * from '../more/c.js'",
      "more/c.js": "",
    }, "more/c.js"],
  ];
  for (const [what, files, open] of kinds) {
    it(`is refused where others may write ${what}`, () => {
      const base = made(files);
      equal(refusal(base), "");
      chmodSync(join(base, open), 0o777);
      match(
        refusal(base),
        /everybody.*, and the agent, which is root, would run it: chown it to root/,
      );
    });
  }

  it("is refused where its group may write it, root's too", () => {
    const base = made({ "own/a.js": "" });
    chmodSync(join(base, "own/a.js"), 0o664);
    match(refusal(base), /can be written by group 0/);
  });

  it("is refused behind a link into a folder that others may write", () => {
    const base = made({ "own/b.js": "", "home/a.js": "" });
    symlinkSync(join(base, "home/a.js"), join(base, "own/a.js"));
    equal(refusal(base), "");
    chmodSync(join(base, "home"), 0o777);
    match(refusal(base), /is in ".*home", where everybody can replace files/);
  });

  it("is not refused for what is no code", () => {
    const base = made({ "own/a.js": "", "own/notes.txt": "" });
    chmodSync(join(base, "own/notes.txt"), 0o666);
    symlinkSync("/dev/null", join(base, "own/b.js"));
    equal(refusal(base), "");
  });

  it("does not have Python look into a folder with what others may write", () => {
    const base = made({ "own/a.py": "", "own/sub/b.py": "", "own/other/c.py": "" });
    chmodSync(join(base, "own/sub/b.py"), 0o666);
    const { folders } = findPluginFiles([join(base, "own")], [], trusted);
    equal(folders.map((path) => path.slice(base.length)).join(" "), "/own /own/other");
  });
});

describe("a folder of plugins", () => {
  it("is looked through once, whatever links lead back", () => {
    const base = made({ "own/a.js": "" });
    for (const name of ["l0", "l1", "l2"]) symlinkSync(".", join(base, "own", name));
    const { files, folders } = findPluginFiles([join(base, "own")], [], trusted);
    equal(files.length, 1);
    equal(folders.length, 1);
  });

  it("has no file that is larger than any plugin", () => {
    const base = made({ "own/a.js": " ".repeat(16 * 1024 * 1024 + 1) });
    const { files, problems } = findPluginFiles([join(base, "own")], [], trusted);
    equal(files.length, 0);
    match(problems[0].problem, /is not a regular file of at most 16 MB/);
  });
});
