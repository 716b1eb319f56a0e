import { equal, match, ok, throws } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { messageOf } from "../../src/core/errors.ts";
import { withPlace } from "../../src/platform/access/folder.ts";
import {
  makeFolder,
  openToAppend,
  readRegularText,
  removeIf,
  replaceFile,
} from "../../src/platform/access/safe_open.ts";
import { whoElse } from "../../src/platform/access/trust.ts";
import { openAppender } from "../../src/platform/log/appender.ts";
import { configFiles } from "../../src/platform/fs/config_files.ts";
import { createHostFs } from "../../src/platform/fs/files.ts";
import { lockFolder } from "../../src/platform/service/lock.ts";

const directory = mkdtempSync(join(tmpdir(), "diamond-access-"));
after(() => rmSync(directory, { recursive: true }));
const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;
const SMALL = 1024;

function fresh(name: string): string {
  const path = join(directory, name);
  mkdirSync(path);
  return path;
}

/** A folder of another user's, with a file of ours outside of it. */
function foreign(name: string): { folder: string; victim: string } {
  const base = fresh(name);
  const [folder, victim] = [join(base, "theirs"), join(base, "victim")];
  mkdirSync(folder);
  writeFileSync(victim, "root's\n", { mode: 0o600 });
  chownSync(folder, NOBODY, NOBODY);
  return { folder, victim };
}

function isUntouched(victim: string): boolean {
  const { uid, mode } = statSync(victim);
  return readFileSync(victim, "utf8") === "root's\n" && uid === 0 && (mode & 0o777) === 0o600;
}

function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return messageOf(error);
  }
  return "";
}

function append(path: string, text: string): void {
  const descriptor = openToAppend(path, 0o644);
  writeSync(descriptor, text);
  closeSync(descriptor);
}

describe("a file that an operator names", () => {
  const folder = fresh("special");
  const fifo = join(folder, "fifo");
  spawnSync("mkfifo", [fifo]);
  symlinkSync("loop", join(folder, "loop"));
  symlinkSync("/dev/zero", join(folder, "zero"));
  writeFileSync(join(folder, "large"), "x".repeat(SMALL + 1));
  const special: readonly [name: string, said: RegExp][] = [
    ["fifo", /it is a FIFO, not a regular file/],
    ["zero", /it is a device, not a regular file/],
    [".", /it is a directory, not a regular file/],
    ["loop", /too many symbolic links/],
    ["nothing", /no such file/],
  ];

  for (const [name, said] of [...special, ["large", /it has more than \d+ MB/] as const]) {
    it(`is not read where it is "${name}"`, () => {
      match(refusalOf(() => readRegularText(join(folder, name), SMALL)), said);
    });
  }
  for (const [name, said] of special.filter(([name]) => name !== "nothing" && name !== "zero")) {
    it(`is not appended to where it is "${name}"`, () => {
      match(refusalOf(() => append(join(folder, name), "x")), said);
    });
  }

  it("is read whole, also where the kernel tells no size", () => {
    writeFileSync(join(folder, "some"), "x".repeat(SMALL));
    equal(readRegularText(join(folder, "some"), SMALL).length, SMALL);
    match(readRegularText("/proc/self/status", 1 << 20), /^Name:/);
  });

  it("tells what is wrong as a configuration, without a stack", () => {
    throws(() => configFiles.read(fifo), /it is a FIFO/);
    ok(configFiles.access(join(folder, "loop")));
    match(configFiles.unwritable(fifo) ?? "", /it is a FIFO/);
  });

  it("does not keep a collector waiting in a /proc that was moved", () => {
    const procfs = fresh("procfs");
    spawnSync("mkfifo", [join(procfs, "meminfo")]);
    symlinkSync("/dev/zero", join(procfs, "stat"));
    const fs = createHostFs({ procfs, sysfs: "", rootfs: "" });
    throws(() => fs.read("/proc/meminfo"), /cannot read \/proc\/meminfo/);
    throws(() => fs.read("/proc/stat"), /cannot read \/proc\/stat/);
  });

  it("is a pipe or a terminal only by its own name below /dev", () => {
    append("/dev/null", "x");
    match(refusalOf(() => append("/dev/full", "x")), /no space left on device/i);
    const log = openAppender("/dev/null", {
      when: "S",
      interval: 1,
      keep: 1,
      maxBytes: 1,
      gzip: false,
      utc: true,
      watch: true,
    });
    log.append("a\n");
    log.append("b\n");
    log.close();
    equal(lstatSync("/dev/null").isCharacterDevice(), true);
    equal(existsSync("/dev/null.1"), false);
  });
});

describe("what is written below a folder of another user", { skip: !isRoot }, () => {
  it("never goes through a symbolic link", () => {
    const { folder, victim } = foreign("symbolic");
    symlinkSync(victim, join(folder, "link"));
    symlinkSync("..", join(folder, "up"));
    for (const path of [join(folder, "link"), join(folder, "up/victim"), join(folder, "up/new")]) {
      match(
        refusalOf(() => append(path, "x")),
        /the link ".*" is not followed: others can replace/,
      );
      match(refusalOf(() => replaceFile(path, "x", { mode: 0o644 })), /is not followed/);
      match(refusalOf(() => makeFolder(`${path}/sub`, 0o755, { uid: 1, gid: 1 })), /not followed/);
    }
    ok(isUntouched(victim));
    equal(existsSync(join(folder, "../new")), false);
  });

  it("never goes through a hard link", () => {
    const { folder, victim } = foreign("hard");
    linkSync(victim, join(folder, "link"));
    match(refusalOf(() => append(join(folder, "link"), "x")), /it has a second name/);
    const owner = { uid: NOBODY, gid: NOBODY };
    replaceFile(join(folder, "link"), "new", { mode: 0o644, owner });
    equal(readFileSync(join(folder, "link"), "utf8"), "new");
    equal(statSync(join(folder, "link")).uid, NOBODY);
    ok(isUntouched(victim));
  });

  it("is given to that user as a new folder only", () => {
    const { folder } = foreign("given");
    const mine = join(folder, "mine");
    mkdirSync(mine);
    makeFolder(join(mine, "a/b"), 0o750, { uid: NOBODY, gid: NOBODY });
    equal(statSync(mine).uid, 0);
    equal(statSync(join(mine, "a")).uid, NOBODY);
    equal(statSync(join(mine, "a/b")).uid, NOBODY);
  });

  it("goes through links of root's", () => {
    const base = fresh("roots");
    mkdirSync(join(base, "real"));
    symlinkSync("real", join(base, "link"));
    append(join(base, "link/log"), "x");
    equal(readFileSync(join(base, "real/log"), "utf8"), "x");
  });
});

describe("a path", () => {
  it("leads to the folder that was found, whatever becomes of it", {
    skip: process.platform !== "linux",
  }, () => {
    const base = fresh("moved");
    mkdirSync(join(base, "a"));
    withPlace(join(base, "a/file"), (place) => {
      spawnSync("mv", [join(base, "a"), join(base, "b")]);
      mkdirSync(join(base, "a"));
      writeFileSync(place.path, "here");
    });
    equal(readFileSync(join(base, "b/file"), "utf8"), "here");
  });

  it("is taken away only where it is what it should be", () => {
    const file = join(fresh("taken"), "precious");
    writeFileSync(file, "");
    removeIf(file, (entry) => entry.isSocket());
    equal(existsSync(file), true);
    removeIf(file, (entry) => entry.isFile());
    equal(existsSync(file), false);
  });
});

describe("who else can change a file", { skip: !isRoot }, () => {
  const trusted = { uids: [4711], gids: [0] };
  const base = fresh("trust");
  mkdirSync(join(base, "a/b"), { recursive: true });
  const file = join(base, "a/b/file");
  writeFileSync(file, "", { mode: 0o644 });
  const cases: readonly [what: string, change: () => void, said: RegExp | undefined][] = [
    ["nobody", () => {}, undefined],
    ["everybody, by its mode", () => chmodSync(file, 0o646), /^can be written by everybody$/],
    [
      "a group",
      () => (chownSync(file, 0, 12), chmodSync(file, 0o664)),
      /^can be written by group 12$/,
    ],
    ["root's group", () => chownSync(file, 0, 0), undefined],
    ["its owner", () => chownSync(file, 12, 0), /^belongs to user 12$/],
    ["the user that is trusted", () => chownSync(file, 4711, 0), undefined],
    [
      "everybody, by a folder above",
      () => chmodSync(join(base, "a"), 0o777),
      /^is in ".*\/a", where everybody can replace files$/,
    ],
    ["nobody, where that has the sticky bit", () => chmodSync(join(base, "a"), 0o1777), undefined],
    [
      "the owner of a folder above",
      () => chownSync(join(base, "a/b"), 12, 0),
      /^is in ".*\/a", where everybody can replace files$/,
    ],
  ];
  for (const [what, change, said] of cases) {
    it(`is ${what}`, () => {
      change();
      const found = whoElse(file, trusted);
      if (said === undefined) equal(found, undefined);
      else match(found ?? "", said);
    });
  }

  it("is found behind a link", () => {
    const open = fresh("open");
    writeFileSync(join(open, "target"), "");
    chmodSync(open, 0o777);
    symlinkSync(join(open, "target"), join(base, "link"));
    match(whoElse(join(base, "link"), trusted) ?? "", /^is in ".*open", where everybody/);
    symlinkSync("loop", join(base, "loop"));
    equal(whoElse(join(base, "loop"), trusted), "has too many links");
  });
});

describe("the lock of a folder", () => {
  it("holds against other processes, by whatever path", async () => {
    const folder = fresh("locked");
    symlinkSync("locked", join(directory, "alias"));
    equal(await lockFolder(folder), true);
    equal(await lockFolder(join(directory, "alias")), true, "it is ours already");
    const { stdout } = spawnSync("flock", ["-n", "-x", join(directory, "alias"), "echo", "free"], {
      encoding: "utf8",
    });
    equal(stdout, "");
    equal(await lockFolder(join(directory, "nothing")), true);
  });
});
