/** An agent with all listeners in front of a real carbon. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Running, start, until } from "../harness/agent_process.ts";
import { type Carbon, startCarbon } from "../harness/carbon.ts";

export interface Site {
  readonly directory: string;
  readonly ports: Ports;
  readonly carbon: Carbon;
  readonly agent: Running;
  /** What has been published of a path, as `timestamp → value`. */
  published(path: string): Map<number, number>;
}

export interface Ports {
  readonly statsd: number;
  readonly lines: number;
  readonly pickles: number;
  readonly influx: number;
  readonly otlp: number;
}

export async function startSite(directory: string): Promise<Site> {
  const carbon = await startCarbon(join(directory, "carbon"), "^flood\\.");
  const [statsd, lines, pickles, influx, otlp] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const archive = join(directory, "archive.log");
  const config = join(directory, "diamond.conf");
  writeFileSync(
    config,
    `[server]
handlers = GraphiteHandler, ArchiveHandler
pid_file = ${directory}/agent.pid
state_path = ${directory}/state
spool_path = ${directory}/spool
[handlers]
[[GraphiteHandler]]
host = 127.0.0.1
port = ${carbon.port}
[[ArchiveHandler]]
log_file = ${archive}
metrics_whitelist = servers
[collectors]
[[default]]
interval = 1
hostname = web1
[[StatsdListenerCollector]]
enabled = True
listener_port = ${statsd}
listener_socket = ${directory}/statsd.sock
[[GraphiteListenerCollector]]
enabled = True
listener_port = ${lines}
pickle_port = ${pickles}
[[InfluxListenerCollector]]
enabled = True
listener_port = ${influx}
[[OtlpListenerCollector]]
enabled = True
listener_port = ${otlp}
counters = raw
`,
  );
  const agent = start(["run", "-f", "-c", config]);
  await until(
    "the agent listens",
    () => fetch(`http://127.0.0.1:${influx}/ping`).then(() => true, () => false),
  );
  return {
    ...{ directory, carbon, agent, ports: { statsd, lines, pickles, influx, otlp } },
    published(path) {
      const found = new Map<number, number>();
      for (const line of readFileSync(archive, "utf8").split("\n")) {
        const [name, value, time] = line.split(" ");
        if (name === path) found.set(Number(time), Number(value));
      }
      return found;
    },
  };
}
