/** Servers that confirm nothing: StatsD, Ganglia's gmond, a subscriber of ZeroMQ. What is sent while they are away is lost. */

import { freePort, lineServer } from "../../harness/agent_process.ts";
import { gmond } from "../../harness/gmond.ts";
import { startStatsd } from "../../harness/relays.ts";
import { zmqSubscriber } from "../../harness/zmq_subscriber.ts";
import { linesByValue, type Subject } from "./subject.ts";

const DATAGRAMS = "a datagram has no receipt: what is sent while the server is away is lost";
const POLL_MS = 250;

export async function statsdSubject(directory: string): Promise<Subject> {
  const behind = await lineServer();
  let server = await startStatsd(directory, behind.port);
  const { port } = server;
  const PREFIX = "stats.gauges.";
  return {
    server: "StatsD",
    overwrites: true,
    mayLose: DATAGRAMS,
    sections: { StatsdHandler: `host = 127.0.0.1\nport = ${port}` },
    stop: (signal) => server.stop(signal),
    async start() {
      server = await startStatsd(directory, behind.port, port);
    },
    taken(archive) {
      const pairs = behind.lines.filter((line) => line.startsWith(PREFIX)).map((line) => {
        const [name, value] = line.slice(PREFIX.length).split(" ");
        return [name, Number(value)] as const;
      });
      return Promise.resolve({ StatsdHandler: linesByValue(pairs, archive, (path) => path) });
    },
    async close() {
      await server.stop();
      await behind.close();
    },
  };
}

/** It keeps the last value of each metric: they are looked at several times a second. */
export async function gmondSubject(directory: string): Promise<Subject> {
  let server = await gmond(directory);
  const { port } = server;
  const seen = new Map<string, readonly [string, number]>();
  let isAway = false;
  const timer = setInterval(async () => {
    if (isAway) return;
    for (const { name, value } of await server.metrics().catch(() => [])) {
      seen.set(`${name} ${value}`, [name, Number(value)]);
    }
  }, POLL_MS);
  return {
    server: "gmond",
    overwrites: true,
    mayLose: DATAGRAMS,
    sections: { GmetricHandler: `host = 127.0.0.1\nport = ${port}` },
    async stop(signal) {
      isAway = true;
      await server.stop(signal);
    },
    async start() {
      server = await gmond(directory, port);
      isAway = false;
    },
    taken: (archive) =>
      Promise.resolve({
        GmetricHandler: linesByValue(
          seen.values(),
          archive,
          (path) => path.split(".").slice(2).join("."),
        ),
      }),
    close() {
      clearInterval(timer);
      return server.stop("SIGTERM");
    },
  };
}

/** The agent is the publisher; it is the subscriber that goes away. */
export async function zmqSubject(): Promise<Subject> {
  const port = await freePort();
  const all: Awaited<ReturnType<typeof zmqSubscriber>>[] = [];
  const boot = async () => void all.push(await zmqSubscriber(port));
  await boot();
  return {
    server: "a ZeroMQ subscriber",
    mayLose: "a publisher knows its subscribers only while they are connected",
    sections: { zmqHandler: `port = ${port}` },
    stop() {
      all.at(-1)!.stop();
      return Promise.resolve();
    },
    start: boot,
    taken: () => Promise.resolve({ zmqHandler: all.flatMap((one) => one.lines()) }),
    close() {
      all.at(-1)!.stop();
      return Promise.resolve();
    },
  };
}
