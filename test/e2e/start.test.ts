/** `npm start`: the agent ends with whoever started it. */

import { equal } from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { describeWith } from "../harness/describe_with.ts";
import { endWithTests, root, temporary, until } from "../harness/agent_process.ts";

const { path: directory, remove } = temporary();
after(remove);
const conf = join(directory, "diamond.conf");
const state = join(directory, "state");
writeFileSync(
  conf,
  `[server]
handlers = NullHandler
user =
group =
pid_file = ${directory}/pid
state_path = ${state}
[collectors]
[[LoadAverageCollector]]
enabled = True
`,
);

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !/^\d+ .*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
};

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

const commandOf = (pid: string) => textOf(`/proc/${pid}/cmdline`);
const parentOf = (pid: string) => Number(/\) \S (\d+)/.exec(textOf(`/proc/${pid}/stat`))?.[1]);

describeWith("npm start", process.platform === "linux" ? false : "Linux only", () => {
  it("ends its agent when npm's shell is killed", async () => {
    const script = join(root, "build/dev/start.mjs");
    const shell = spawn("sh", ["-c", `node ${script} -c ${conf} & echo $!; wait`], {
      env: { ...process.env, npm_lifecycle_event: "start" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let told = "";
    shell.stdout.on("data", (chunk) => (told += chunk));
    await until("the agent runs", () => existsSync(state), 20);
    const starter = Number(told.split("\n")[0]);
    equal(isAlive(starter), true);
    shell.kill("SIGKILL");
    await until("the starter has ended, which waits for its agent", () => !isAlive(starter), 15);
  });

  it("ends its agent when it is killed itself", async () => {
    const script = join(root, "build/dev/start.mjs");
    const starter = spawn("node", [script, "-c", conf], { stdio: "ignore" });
    endWithTests(starter);
    const agentOf = () =>
      readdirSync("/proc").find((pid) =>
        /^\d+$/.test(pid) && parentOf(pid) === starter.pid && commandOf(pid).includes(conf)
      );
    await until("the agent runs", () => agentOf() !== undefined, 20);
    const agent = Number(agentOf());
    starter.kill("SIGKILL");
    await until("the agent has ended", () => !isAlive(agent), 15);
  });
});
