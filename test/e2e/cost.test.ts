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
    const residentAfter = async (memory: string, seconds: number) => {
      const server = `memory = ${memory}`;
      const config = agentConfig(join(folder, memory), { interval: 1, port: 9, server });
      const running = start(["run", "--foreground", "--skip-pidfile", "-c", config]);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const status = readFileSync(`/proc/${running.pid}/status`, "latin1");
      await running.end("SIGTERM");
      return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024;
    };

    it("is what is used of it, once the start is over", async () => {
      const [normal, low] = await Promise.all([
        residentAfter("normal", 25),
        residentAfter("low", 25),
      ]);
      ok(normal < 36, `${normal} MB`);
      ok(low < 28, `${low} MB with memory = low`);
    });
  },
);
