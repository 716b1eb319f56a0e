/** What may happen to a spool's file and folder: only what is damaged is lost, and nothing ends the start. */

import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { createSpools } from "../../src/platform/spool/spools.ts";
import { temporary } from "../harness/agent_process.ts";
import { metrics } from "../harness/metrics.ts";
import { recordedLog } from "../harness/recorded_log.ts";

const { path: root, remove } = temporary();
after(remove);
let folders = 0;
const newFolder = () => join(root, `${folders++}`);
const spoolsIn = (path: string) =>
  createSpools({ path, maxBytes: 1e9, maxAge: 1e10, sync: "process" });

const BATCHES = 40;
const POINTS = 200;
const PAGE = 4096;

/** A closed spool of some pages; random values, so that each batch needs pages of its own. */
function filled(): { folder: string; file: string } {
  const folder = newFolder();
  const spools = spoolsIn(folder);
  const spool = spools.open("H", recordedLog());
  for (let batch = 0; batch < BATCHES; batch++) {
    spool.store(metrics(POINTS).map((one) => ({ ...one, value: Math.random() })));
  }
  spool.close();
  spools.close();
  return { folder, file: join(folder, "H.db") };
}

function pointsIn(folder: string): number {
  const spools = spoolsIn(folder);
  const spool = spools.open("H", recordedLog());
  let points = 0;
  for (let batch = spool.read(1); batch !== undefined; batch = spool.read(1)) {
    points += batch.metrics.length;
    spool.ack(batch.ids);
  }
  equal(spool.points, 0);
  spool.close();
  spools.close();
  return points;
}

describe("a damaged spool", () => {
  it("without its first page still gives all batches", () => {
    const { folder, file } = filled();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0, 0, 100));
    equal(pointsIn(folder), BATCHES * POINTS);
  });

  it("without the root of its tree still gives all batches", () => {
    const { folder, file } = filled();
    const bytes = readFileSync(file);
    let roots = 0;
    for (let start = PAGE; start < bytes.length; start += PAGE) {
      if (bytes[start] !== 0x05) continue;
      bytes.fill(0xff, start, start + PAGE);
      roots++;
    }
    ok(roots > 0, "it has a tree");
    writeFileSync(file, bytes);
    equal(pointsIn(folder), BATCHES * POINTS);
  });

  it("cut in its middle gives the half that is there", () => {
    const { folder, file } = filled();
    truncateSync(file, Math.floor(readFileSync(file).length / PAGE / 2) * PAGE);
    const points = pointsIn(folder);
    ok(points >= 10 * POINTS, `${points} of ${BATCHES * POINTS}`);
  });

  it("with one page of zeros loses what lay there", () => {
    const original = filled();
    const bytes = readFileSync(original.file);
    for (let start = PAGE; start < bytes.length; start += PAGE) {
      const folder = newFolder();
      mkdirSync(folder);
      const damaged = Uint8Array.from(bytes).fill(0, start, start + PAGE);
      writeFileSync(join(folder, "H.db"), damaged);
      const points = pointsIn(folder);
      // A page of series is named by all batches: then those points of each are gone.
      const isLess = points >= (BATCHES - 4) * POINTS || points % BATCHES === 0;
      ok(isLess, `${points} of ${BATCHES * POINTS} without page ${start / PAGE}`);
    }
  });

  it("keeps its count when what is on its way is lost with it", () => {
    const { folder, file } = filled();
    const spools = spoolsIn(folder);
    const spool = spools.open("H", recordedLog());
    const sent = spool.read(1)!;
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0));
    rmSync(`${file}-wal`, { force: true });
    let found = sent.metrics.length;
    try {
      for (let batch = spool.read(1); batch !== undefined; batch = spool.read(1)) {
        found += batch.metrics.length;
        spool.ack(batch.ids);
      }
    } finally {
      spool.ack(sent.ids);
    }
    equal(found + spool.takeDamaged(), BATCHES * POINTS);
    equal(spool.points, 0);
    spool.close();
    spools.close();
  });
});

describe("a spool whose file is taken away", () => {
  for (
    const [what, takeAway] of [
      ["removed with its folder", (folder: string) => rmSync(folder, { recursive: true })],
      ["moved", (folder: string) => renameSync(folder, `${folder}-moved`)],
      ["replaced by another", (folder: string) => {
        rmSync(join(folder, "H.db"));
        writeFileSync(join(folder, "H.db"), "something else");
      }],
    ] as const
  ) {
    it(`${what}: it goes on in a new one`, () => {
      const { folder, file } = filled();
      const spools = spoolsIn(folder);
      const log = recordedLog();
      const spool = spools.open("H", log);
      const sent = spool.read(1)!;
      takeAway(folder);
      spool.close();
      ok(existsSync(file));
      match(log.lines.join("\n"), /was taken away; 8000 metrics of it were kept/);
      equal(sent.metrics.length, POINTS);
      spools.close();
      equal(pointsIn(folder), BATCHES * POINTS);
    });
  }
});

describe("a folder of spools", () => {
  it("that is a file, or is linked to itself, does not end the start", () => {
    const file = newFolder();
    writeFileSync(file, "");
    const loop = newFolder();
    symlinkSync(loop, loop);
    for (const path of [file, loop]) {
      const spools = spoolsIn(path);
      deepEqual([spools.handlers(), spools.exists("H")], [[], false]);
      throws(() => spools.open("H", recordedLog()), /cannot open the spool in/);
      spools.close();
    }
  });

  it("has only what is called like a spool", () => {
    const { folder } = filled();
    for (const name of ["100%.db", "%zz.db", "a b.db", ".db"]) {
      writeFileSync(join(folder, name), "");
    }
    deepEqual(spoolsIn(folder).handlers().filter((name) => name !== ""), ["H"]);
  });

  it("loses what is no file, but for its name", () => {
    const inTheWay: readonly (readonly [string, (path: string) => void])[] = [
      ["a folder", (path) => mkdirSync(path)],
      ["a link", (path) => symlinkSync("/dev/full", path)],
      ["a pipe", (path) => void spawnSync("mkfifo", [path])],
    ];
    for (const [what, put] of inTheWay) {
      if (process.platform === "win32") return;
      for (const name of ["H.db", "lock.db"]) {
        const folder = newFolder();
        mkdirSync(folder);
        put(join(folder, name));
        const spools = spoolsIn(folder);
        const spool = spools.open("H", recordedLog());
        spool.store(metrics(3));
        equal(spool.read(9)!.metrics.length, 3, `${what} for ${name}`);
        spool.close();
        spools.close();
        const aside = readdirSync(folder).some((entry) => entry.startsWith("H.db.aside-"));
        equal(aside, name === "H.db", what);
      }
    }
  });
});
