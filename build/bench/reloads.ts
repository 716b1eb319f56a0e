/**
 * Does a reload leave anything behind? `npm run long -- reloads [N [CHANGED]]`: the executable reloads N
 * times (10,000), its one custom collector changes every CHANGED times (100), and the memory of both
 * processes is printed on the way. Exit status 1: the second half grew by more than a tenth.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { askControl } from "../../src/platform/service/control.ts";
import { hostTarget } from "../release/compile.ts";

const [total = 10_000, changed = 100] = process.argv.slice(2).map(Number);
const root = join(import.meta.dirname!, "../..");
const base = mkdtempSync(join(tmpdir(), "reloads-"));
const socket = join(base, "agent.sock");
writeFileSync(
  join(base, "agent.conf"),
  `[server]
state_path = ${base}/state
pid_file = ${base}/agent.pid
socket = ${socket}
handlers = NullHandler
collectors_path = ${base}
[handlers]
[[NullHandler]]
[collectors]
[[default]]
interval = 1
[[GoodCollector]]
enabled = True
[[CPUCollector]]
enabled = True
`,
);
const change = (value: number) =>
  writeFileSync(
    join(base, "good.ts"),
    `export default { name: "GoodCollector", collect({ emit }) { emit("value", ${value}); } };\n`,
  );
change(0);
const agent = spawn(
  join(root, `build/out/diamond-agent-${hostTarget()}`),
  ["run", "-f", "-c", join(base, "agent.conf")],
  { stdio: "ignore", env: {} },
);

const megabytes = (pid: number | string) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
const guests = () =>
  readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, "utf8").trim().split(" ").filter(
    Boolean,
  );
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

try {
  await sleep(2000);
  console.log("reloads  agent, MB  custom collectors, MB  descriptors");
  const sizes: number[] = [];
  for (let done = 0; done <= total; done++) {
    if (done % Math.max(1, Math.floor(total / 10)) === 0) {
      const size = megabytes(agent.pid!);
      sizes.push(size);
      const others = guests().map((pid) => megabytes(pid).toFixed(1)).join(" ");
      const descriptors = readdirSync(`/proc/${agent.pid}/fd`).length;
      console.log(
        `${String(done).padStart(7)}  ${size.toFixed(1).padStart(9)}  ${
          others.padStart(21)
        }  ${descriptors}`,
      );
    }
    if (changed > 0 && done % changed === 0) change(done);
    await askControl(socket, { ask: "reload" });
  }
  const middle = sizes[Math.floor(sizes.length / 2)];
  const growth = (100 * (sizes.at(-1)! - middle)) / middle;
  console.log(`The second half grew by ${growth.toFixed(1)} percent`);
  if (growth > 10) process.exitCode = 1;
} finally {
  const ended = new Promise((resolve) => agent.once("exit", resolve));
  agent.kill();
  await ended;
  rmSync(base, { recursive: true, force: true });
}
