import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { realExec } from "../../src/platform/exec/exec.ts";
import { createLimiter } from "../../src/platform/exec/limiter.ts";

const directory = mkdtempSync(join(tmpdir(), "diamond-platform-"));
after(() => rmSync(directory, { recursive: true }));
const until = async (what: string, holds: () => boolean) => {
  for (let turn = 0; turn < 400 && !holds(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  ok(holds(), what);
};

describe("commands", () => {
  const signal = () => new AbortController().signal;
  it("give output and exit status", async () => {
    deepEqual(
      await realExec.run(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], { signal: signal() }),
      { stdout: "out\n", stderr: "err\n", code: 3 },
    );
  });
  it("that are not there are no data", async () => {
    await rejects(
      realExec.run(["/no/such/program"], { signal: signal() }),
      /cannot run \/no\/such\/program/,
    );
  });
  it("are killed with their children at the signal", async () => {
    const stop = new AbortController();
    const pidFile = join(directory, "child.pid");
    const pending = realExec.run(["/bin/sh", "-c", `sleep 600 & echo $! > ${pidFile}; wait`], {
      signal: stop.signal,
    });
    await until(
      "the child runs",
      () => existsSync(pidFile) && readFileSync(pidFile, "utf8").trim() !== "",
    );
    stop.abort();
    await rejects(pending, /was killed/);
    const pid = readFileSync(pidFile, "utf8").trim();
    await until(
      "the grandchild is gone",
      () => !existsSync(`/proc/${pid}`) || /\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8")),
    );
  });
  it("that print without end are cut", async () => {
    const { stdout, code } = await realExec.run(["/bin/sh", "-c", "yes"], {
      signal: signal(),
      maxBytes: 100_000,
    });
    ok(stdout.length <= 100_000 && code === null);
  });
  it("pass on nothing that loads code", async () => {
    process.env.BUN_OPTIONS_TEST = "x";
    const { stdout } = await realExec.run(["/bin/sh", "-c", "env"], { signal: signal() });
    equal(stdout.includes("BUN_OPTIONS_TEST"), false);
  });
});

describe("a limiter", () => {
  it("does so much at the same time, in order, and lets those go that have no time left", async () => {
    const limited = createLimiter(2);
    const never = new AbortController().signal;
    const started: number[] = [];
    const ends: (() => void)[] = [];
    const work = (id: number) => () => {
      started.push(id);
      return new Promise<number>((resolve) => ends.push(() => resolve(id)));
    };
    const late = new AbortController();
    const all = [1, 2].map((id) => limited(never, work(id)));
    const third = limited(late.signal, () => Promise.reject(new Error("aborted")));
    const fourth = limited(never, work(4));
    await Promise.resolve();
    deepEqual(started, [1, 2]);
    late.abort();
    await rejects(third, /aborted/);
    ends[0]();
    ends[1]();
    deepEqual(await Promise.all(all), [1, 2]);
    await new Promise((resolve) => setTimeout(resolve, 0));
    deepEqual(started, [1, 2, 4]);
    ends[2]();
    equal(await fourth, 4);
  });
});
