import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { treeOf } from "../../src/platform/fs/tree.ts";

function withFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "tree-"));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("what is in a folder", () => {
  it("files and folders at any depth, through links, each folder once", () =>
    withFolder((folder) => {
      mkdirSync(join(folder, "a/b"), { recursive: true });
      writeFileSync(join(folder, "a/b/one"), "x".repeat(5000));
      writeFileSync(join(folder, "two"), "yy");
      symlinkSync("..", join(folder, "a/loop"));
      symlinkSync("two", join(folder, "link"));
      for (const path of ["a/b/one", "two"]) utimesSync(join(folder, path), 1000, 1_700_000_000);
      const { allocated, ...tree } = treeOf(folder);
      deepEqual(tree, { files: 3, folders: 2, bytes: 5004, newest: 1_700_000_000_000, unread: [] });
      ok(allocated >= 5004 && allocated % 512 === 0);
    }));

  it("an empty one is as old as itself", () =>
    withFolder((folder) => {
      utimesSync(folder, 1000, 1_600_000_000);
      deepEqual(treeOf(folder), {
        files: 0,
        folders: 0,
        bytes: 0,
        allocated: 0,
        newest: 1_600_000_000_000,
        unread: [],
      });
    }));

  it("what cannot be read is named, and the age is not known where it is all", () =>
    withFolder((folder) => {
      symlinkSync("nowhere", join(folder, "dangling"));
      symlinkSync("broken", join(folder, "broken"));
      const { unread, newest } = treeOf(folder);
      deepEqual(unread, [join(folder, "broken")]);
      equal(newest, null);
      throws(() => treeOf(join(folder, "nosuch")), /ENOENT/);
    }));
});
