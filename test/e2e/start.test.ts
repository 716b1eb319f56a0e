/** `npm start`: it serves the page, and the agent ends with whoever started it. */

import { equal, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { describeWith } from "../harness/describe_with.ts";
import { endWithTests, root, temporary, until } from "../harness/agent_process.ts";

const { path: directory, remove } = temporary();
after(remove);
const conf = join(directory, "diamond.conf");
writeFileSync(
  conf,
  `[server]
handlers = NullHandler
user =
group =
pid_file = ${directory}/pid
state_path = ${directory}/state
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

/** Starts it; resolves with the page's address once that is printed. */
async function started() {
  const child = spawn("node", [join(root, "build/dev/start.mjs"), "-c", conf], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let told = "";
  child.stdout.on("data", (chunk) => (told += chunk));
  const url = await until("it says where the page is", () => /http:\S+/.exec(told)?.[0], 30);
  const ended = once(child, "exit");
  return {
    url,
    async stop(): Promise<unknown> {
      child.kill("SIGTERM");
      const [status] = await ended;
      match(told, /Stopped\. The log is in/);
      return status;
    },
  };
}

describeWith("npm start", process.platform === "linux" ? false : "Linux only", () => {
  it("serves the page where a port is free, prints its address, and can be started again", async () => {
    const first = await started();
    match(await (await fetch(first.url)).text(), /<title>diamond-agent/);
    equal(await first.stop(), 0);
    const other = createServer();
    const port = Number(new URL(first.url).port);
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    const second = await started();
    equal(Number(new URL(second.url).port) > port, true);
    equal((await fetch(new URL("/api/status", second.url))).status, 200);
    equal(await second.stop(), 0);
    other.close();
  });

  it("enables what this kernel has, in a file of its own", () => {
    const read = (path: string) => textOf(path).includes("enabled = True");
    const hasPressure = textOf("/proc/pressure/cpu") !== "";
    equal(read(join(root, "var/collectors/PressureCollector.conf")), hasPressure);
    match(textOf(join(root, "conf/diamond.conf")), /^collectors_config_path = var\/collectors$/m);
  });

  it("ends its agent when npm's shell is killed", async () => {
    const script = join(root, "build/dev/start.mjs");
    const shell = spawn("sh", ["-c", `node ${script} -c ${conf} & echo $!; wait`], {
      env: { ...process.env, npm_lifecycle_event: "start" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let told = "";
    shell.stdout.on("data", (chunk) => (told += chunk));
    await until("the agent runs", () => told.includes("stop      Ctrl-C"), 30);
    const starter = Number(/^\d+$/m.exec(told)?.[0]);
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
