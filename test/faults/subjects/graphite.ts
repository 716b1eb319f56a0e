/** Carbons, a relay in front of two of them, a cluster by hash, and relays of which any will do. */

import { join } from "node:path";
import { type CarbonPorts, carbonPorts, startCarbon } from "../../harness/carbon.ts";
import { type Relay, startRelay } from "../../harness/relays.ts";
import { sleep } from "../fault.ts";
import { linesIn, spanOf, type Subject } from "./subject.ts";

/** Carbon writes what it has in memory within a second or two. */
const WRITE_MS = 3000;

interface Node {
  readonly ports: CarbonPorts;
  lines(archive: readonly string[]): string[];
  stop(signal: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
}

async function node(directory: string): Promise<Node> {
  const ports = await carbonPorts();
  const boot = () => startCarbon(directory, "^carbon", ports);
  let carbon = await boot();
  return {
    ports,
    lines: (archive) => linesIn(carbon.everything(...spanOf(archive)), archive, (path) => path),
    stop: (signal) => carbon.stop(signal),
    async start() {
      carbon = await boot();
    },
  };
}

const at = ({ line }: CarbonPorts) => `127.0.0.1:${line}`;

export async function carbonSubject(directory: string): Promise<Subject> {
  const [lines, pickles] = await Promise.all([
    node(join(directory, "lines")),
    node(join(directory, "pickles")),
  ]);
  const both = [lines, pickles];
  return {
    server: "carbon",
    overwrites: true,
    sections: {
      GraphiteHandler: `host = 127.0.0.1\nport = ${lines.ports.line}`,
      GraphitePickleHandler: `host = 127.0.0.1\nport = ${pickles.ports.pickle}`,
    },
    stop: async (signal) => void await Promise.all(both.map((one) => one.stop(signal))),
    start: async () => void await Promise.all(both.map((one) => one.start())),
    async taken(archive) {
      await sleep(WRITE_MS);
      return {
        GraphiteHandler: lines.lines(archive),
        GraphitePickleHandler: pickles.lines(archive),
      };
    },
    close: async () => void await Promise.all(both.map((one) => one.stop("SIGTERM"))),
  };
}

/** Each of two carbons is to have everything. */
export async function relaySubject(directory: string): Promise<Subject> {
  const carbons = await Promise.all(["east", "west"].map((name) => node(join(directory, name))));
  const boot = (port?: number) =>
    startRelay(join(directory, "relay"), carbons.map(({ ports }) => ports.line), port);
  let relay = await boot();
  const { port } = relay;
  return {
    server: "carbon-c-relay, 2 carbons",
    overwrites: true,
    sections: { "GraphiteHandler relay": `host = 127.0.0.1\nport = ${port}` },
    stop: (signal) => relay.stop(signal),
    async start() {
      relay = await boot(port);
    },
    async taken(archive) {
      await sleep(WRITE_MS);
      const [east, west] = carbons.map((carbon) => new Set(carbon.lines(archive)));
      return {
        "GraphiteHandler relay": archive.filter((line) => east.has(line) && west.has(line)),
      };
    },
    async close() {
      await relay.stop();
      await Promise.all(carbons.map((carbon) => carbon.stop("SIGTERM")));
    },
  };
}

/** One carbon of two is restarted: its share waits for it, or goes to the other one. */
export async function clusterSubject(directory: string): Promise<Subject> {
  const carbons = await Promise.all(["one", "two"].map((name) => node(join(directory, name))));
  const host = `host = ${carbons.map(({ ports }) => at(ports)).join(", ")}`;
  return {
    server: "2 carbons, by hash",
    overwrites: true,
    sections: { GraphiteClusterHandler: host },
    stop: (signal) => carbons[0].stop(signal),
    start: () => carbons[0].start(),
    async taken(archive) {
      await sleep(WRITE_MS);
      const all = new Set(carbons.flatMap((carbon) => carbon.lines(archive)));
      return { GraphiteClusterHandler: archive.filter((line) => all.has(line)) };
    },
    close: async () => void await Promise.all(carbons.map((carbon) => carbon.stop("SIGTERM"))),
  };
}

/** Relays that take turns; the first of them is restarted. */
export async function balancedSubject(directory: string): Promise<Subject> {
  const carbon = await node(join(directory, "carbon"));
  const boot = (number: number, port?: number): Promise<Relay> =>
    startRelay(join(directory, `relay${number}`), [carbon.ports.line], port);
  const relays = await Promise.all([boot(0), boot(1)]);
  const [{ port }] = relays;
  const name = "GraphiteClusterHandler any";
  const hosts = relays.map((relay) => `127.0.0.1:${relay.port}`).join(", ");
  return {
    server: "2 carbon-c-relays, any_of",
    overwrites: true,
    sections: { [name]: `hash = any_of\nhost = ${hosts}` },
    stop: (signal) => relays[0].stop(signal),
    async start() {
      relays[0] = await boot(0, port);
    },
    async taken(archive) {
      await sleep(WRITE_MS);
      return { [name]: carbon.lines(archive) };
    },
    async close() {
      await Promise.all(relays.map((relay) => relay.stop()));
      await carbon.stop("SIGTERM");
    },
  };
}
