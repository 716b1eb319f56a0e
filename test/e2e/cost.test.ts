/** What a tick costs does not grow without anybody noticing: build/bench/guard.json has what it may. */

import { equal } from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { measureGuard, worse } from "../../build/bench/guard.ts";
import { executable, noExecutable } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const noStrace = existsSync("/usr/bin/strace") ? noExecutable : "strace is not installed";
const folder = mkdtempSync(join(tmpdir(), "diamond-cost-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describeWith("a tick", noStrace, () => {
  it("makes no more system calls and no more garbage than before", async () => {
    equal(worse(await measureGuard(executable, folder)), undefined);
  });
});
