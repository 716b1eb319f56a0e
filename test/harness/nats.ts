/** A real NATS with JetStream of Debian's package, and a stream of it. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { endWithTests, until } from "./agent_process.ts";

const PROGRAM = "/usr/sbin/nats-server";
const STREAM = "metrics";
export const noNats = existsSync(PROGRAM) ? false : "nats-server is not installed";

/** The same folder can be started again. `more`: lines of its configuration. */
export async function natsServer(base: string, port: number, more = "") {
  mkdirSync(base, { recursive: true });
  const conf = join(base, "nats.conf");
  writeFileSync(
    conf,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${base}/store" }\n${more}\n`,
  );
  const child = spawn(PROGRAM, ["-c", conf], { stdio: "ignore" });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  await until(
    "NATS listens",
    () =>
      spawnSync("ss", ["-ltnH", `sport = :${port}`], { encoding: "utf8" }).stdout.includes(
        `:${port}`,
      ),
  );
  return {
    port,
    async stop(signal: NodeJS.Signals) {
      child.kill(signal);
      await ended;
    },
  };
}

/** A stream of all subjects that begin so; two minutes are its window for what comes again. */
export function makeStream(port: number, subject: string, login: object = {}): Promise<void> {
  return withManager(port, login, async ({ streams }) => {
    await streams.add({ name: STREAM, subjects: [subject], duplicate_window: 120e9 });
  });
}

/** The texts of all messages, in order. */
export function messagesOf(port: number, login: object = {}): Promise<string[]> {
  return withManager(port, login, async ({ streams }) => {
    const { state } = await streams.info(STREAM);
    const texts: string[] = [];
    for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
      const message = await streams.getMessage(STREAM, { seq });
      if (message !== null) texts.push(message.string());
    }
    return texts;
  });
}

async function withManager<T>(
  port: number,
  login: object,
  work: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
): Promise<T> {
  const connection = await connect({ servers: `127.0.0.1:${port}`, ...login });
  try {
    return await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}
