/** TCP proxies that misbehave in a way that is chosen while they run. */

import { spawn } from "node:child_process";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { endWithTests, until } from "../harness/agent_process.ts";

/**
 * `reset`: every connection, once; `hole`: takes no byte, passes none on; `half`: says that it has
 * ended, and reads on; `trickle`: reads a byte a second.
 */
export type Mood = "pass" | "reset" | "hole" | "half" | "trickle";

export interface Proxy {
  readonly port: number;
  become(mood: Mood): void;
  close(): void;
}

export async function proxy(to: number): Promise<Proxy> {
  const pairs = new Set<{ client: Socket; backend: Socket }>();
  let mood: Mood = "pass";
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const backend = connect({ port: to, host: "127.0.0.1" });
    const pair = { client, backend };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      // What was taken from the client and not passed on yet is lost with a reset, as in real life.
      client.resetAndDestroy();
      backend.destroy();
    };
    client.on("error", end);
    backend.on("error", end);
    backend.on("close", end);
    client.on("end", () => backend.end());
    backend.on("end", () => client.end());
    client.on("data", (chunk) => backend.write(chunk));
    backend.resume();
    obey(pair);
  });

  function obey({ client }: { client: Socket }): void {
    if (mood === "reset") client.resetAndDestroy();
    else if (mood === "half") client.end();
    else if (mood === "pass") client.resume();
    else client.pause();
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    become(next) {
      mood = next;
      for (const pair of pairs) obey(pair);
      // A reset is an event; what connects after it is served.
      if (next === "reset") mood = "pass";
    },
    close() {
      server.close();
      for (const { client, backend } of pairs) {
        client.destroy();
        backend.destroy();
      }
    },
  };
}

/** Reads a byte a second when it is told to. `to`: 0 passes nothing on. */
export async function trickle(to: number): Promise<Proxy> {
  const child = spawn("/usr/bin/python3", [join(import.meta.dirname!, "trickle.py"), `${to}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  endWithTests(child);
  let said = "";
  child.stdout.on("data", (chunk) => (said += chunk));
  await until("the slow proxy listens", () => said.includes("\n"));
  return {
    port: Number(said),
    become: (mood) => void child.stdin.write(mood === "trickle" ? "slow\n" : "fast\n"),
    close: () => void child.kill(),
  };
}
