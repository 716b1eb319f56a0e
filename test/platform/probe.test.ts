import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { createProbeProcess } from "../../src/platform/fs/probe_process.ts";
import { realClock } from "../../src/platform/clock.ts";
import { until } from "../harness/agent_process.ts";

/** Answers with its own pid, hangs on some paths, and says no to others. */
const SHELL = [
  "/bin/sh",
  "-c",
  'while read -r what path; do case "$path" in *hang*) exec sleep 100;; *no*) echo \'{"error":"no such thing"}\';; *end*) exit;; *) echo "{\\"value\\":$$}";; esac; done',
];

const never = new AbortController().signal;

/** A clock that a test moves on. */
function clockAhead() {
  let ahead = 0;
  return {
    clock: { ...realClock, monotonic: () => realClock.monotonic() + ahead },
    move: (seconds: number) => void (ahead += seconds * 1000),
  };
}

describe("the process that asks file systems", () => {
  it("is reused while it answers", async () => {
    const probe = createProbeProcess(realClock, SHELL);
    const pids = await Promise.all(
      ["/a", "/b", '/with "blanks"'].map((path) => probe.ask("statvfs", path, never)),
    );
    equal(new Set(pids).size, 1);
    await rejects(probe.ask("device", "/no", never), /cannot ask \/no: no such thing/);
    equal(await probe.ask("device", "/c", never), pids[0]);
  });

  it("is replaced when it hangs, and that path is left alone for a while", async () => {
    const { clock, move } = clockAhead();
    const probe = createProbeProcess(clock, SHELL);
    const first = await probe.ask("statvfs", "/a", never);
    const began = performance.now();
    await rejects(probe.ask("statvfs", "/hang", never), /did not answer within 2 s/);
    ok(performance.now() - began < 4000);
    const second = await probe.ask("statvfs", "/a", never);
    ok(second !== first);
    const refusal = () => probe.ask("statvfs", "/hang", never).then(String, String);
    match(await refusal(), /left alone|has not answered/);
    equal(await probe.ask("statvfs", "/a", never), second, "nothing was started for it");
    await until("the one that hung has ended", async () => /left alone/.test(await refusal()));
    move(11);
    const late = new AbortController();
    const asked = probe.ask("statvfs", "/hang", late.signal);
    setTimeout(() => late.abort(), 100);
    await rejects(asked, /did not answer in time/);
    move(11);
    await rejects(probe.ask("statvfs", "/hang", never), /left alone|has not answered/, "20 s now");
  });

  it("that ends or cannot be started is told", async () => {
    const probe = createProbeProcess(realClock, SHELL);
    await rejects(probe.ask("statvfs", "/end", never), /ended/);
    ok(Number(await probe.ask("statvfs", "/a", never)) > 0);
    const none = createProbeProcess(realClock, ["/nowhere/program"]);
    await rejects(none.ask("statvfs", "/a", never), (error: Error) => {
      match(error.message, /ended|cannot|Cannot/);
      return true;
    });
    const aborted = new AbortController();
    aborted.abort();
    await rejects(probe.ask("statvfs", "/a", aborted.signal), /No time/);
    deepEqual(typeof await probe.ask("statvfs", "/a", never), "number");
  });
});
