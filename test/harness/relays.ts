/** What stands between the agent and a carbon: carbon-c-relay, and StatsD. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endWithTests, freePort, root, until } from "./agent_process.ts";

const RELAY = "/usr/bin/carbon-c-relay";
const STATSD = join(root, "build/cache/statsd/node_modules/statsd/stats.js");

export const noRelay = existsSync(RELAY) ? false : "carbon-c-relay is not installed";
export const noRelays = noRelay || (existsSync(STATSD) ? false : "statsd is not installed");

export interface Relay {
  readonly port: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

function started(program: string, args: readonly string[], cwd?: string) {
  const child = spawn(program, args, { stdio: "ignore", cwd });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  return async (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    const late = setTimeout(() => child.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(late);
  };
}

/** Everything to every one of them. `at`: the port of one that is started again. */
export async function startRelay(
  directory: string,
  to: readonly number[],
  at?: number,
): Promise<Relay> {
  mkdirSync(directory, { recursive: true });
  const port = at ?? await freePort();
  const conf = join(directory, "relay.conf");
  writeFileSync(
    conf,
    `listen type linemode 127.0.0.1:${port} proto tcp;\n` +
      to.map((carbon) => `cluster c${carbon} forward 127.0.0.1:${carbon};\n`).join("") +
      `match * send to ${to.map((carbon) => `c${carbon}`).join(" ")};\n` +
      `statistics submit every 3600 seconds;\n`,
  );
  const stop = started(RELAY, ["-f", conf]);
  await until("the relay listens", () => listens("tcp", port), 10);
  return { port, stop };
}

export async function startStatsd(
  directory: string,
  carbon: number,
  at?: number,
): Promise<Relay> {
  mkdirSync(directory, { recursive: true });
  const [port, management] = [at ?? await freePort(), await freePort()];
  const config = join(directory, "config.js");
  // So many flushes that each run of the agent has one of its own.
  writeFileSync(
    config,
    `{ address: "127.0.0.1", port: ${port}, mgmt_address: "127.0.0.1", mgmt_port: ${management},
  backends: ["./backends/graphite"], graphiteHost: "127.0.0.1", graphitePort: ${carbon},
  graphite: { legacyNamespace: false }, flushInterval: 25,
  deleteGauges: true, deleteCounters: true }
`,
  );
  const stop = started("/usr/bin/env", ["node", STATSD, config], directory);
  await until("StatsD listens", () => listens("udp", port), 10);
  return { port, stop };
}

function listens(protocol: "tcp" | "udp", port: number): boolean {
  const flags = protocol === "tcp" ? "-ltnH" : "-lunH";
  return spawnSync("ss", [flags, `sport = :${port}`], { encoding: "utf8" }).stdout.includes(
    `:${port}`,
  );
}
