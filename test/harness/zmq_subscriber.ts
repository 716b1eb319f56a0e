/** A subscriber of ZeroMQ by its own library, for Python. */

import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { endWithTests, root, until } from "./agent_process.ts";

const PYTHON = "/usr/bin/python3";
export const noZmq = spawnSync(PYTHON, ["-c", "import zmq"]).status === 0
  ? false
  : "python3-zmq is not installed";

/** It connects again by itself. */
export async function zmqSubscriber(port: number, ...prefixes: string[]) {
  const script = join(root, "test/harness/subscriber.py");
  const child = spawn(PYTHON, [script, `${port}`, ...prefixes], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  endWithTests(child);
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  await until("it is ready", () => text.startsWith("ready\n"));
  return {
    lines: () => text.split("\n").slice(1, -1),
    stop: () => void child.kill("SIGKILL"),
  };
}
