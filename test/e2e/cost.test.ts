/** What the agent costs does not grow without anybody noticing: build/bench/guard.json has what a tick may take. */

import { equal, ok } from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { agentConfig } from "../../build/bench/contenders.ts";
import { measureGuard, worse } from "../../build/bench/guard.ts";
import { executable, noExecutable, start } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const noStrace = existsSync("/usr/bin/strace") ? noExecutable : "strace is not installed";
const folder = mkdtempSync(join(tmpdir(), "diamond-cost-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describeWith("a tick", noStrace, () => {
  it("makes no more system calls and no more garbage than before", async () => {
    equal(worse(await measureGuard(executable, folder)), undefined);
  });
});

/** From which on pages of the executable can be mapped one by one. */
const [major, minor] = release().split(".").map(Number);
const maps = process.platform === "linux" && (major > 6 || (major === 6 && minor >= 7));

describeWith(
  "the memory of the agent",
  maps ? noExecutable : "this kernel maps more than what is used",
  () => {
    const memoryAfter = async (memory: string, seconds: number) => {
      const server = `memory = ${memory}`;
      const config = agentConfig(join(folder, memory), { interval: 1, port: 9, server });
      const running = start(["run", "--foreground", "--skip-pidfile", "-c", config]);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const status = readFileSync(`/proc/${running.pid}/status`, "latin1");
      const megabytes = (name: string) =>
        Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]) / 1024;
      const found = { resident: megabytes("VmRSS"), anonymous: megabytes("RssAnon") };
      await running.end("SIGTERM");
      return found;
    };

    it("is what is used of it, once the start is over", async () => {
      const [normal, low] = await Promise.all([
        memoryAfter("normal", 25),
        memoryAfter("low", 25),
      ]);
      ok(normal.resident < 30 && normal.anonymous < 15.5, JSON.stringify(normal));
      ok(low.resident < 24 && low.anonymous < 12, `memory = low: ${JSON.stringify(low)}`);
    });
  },
);
