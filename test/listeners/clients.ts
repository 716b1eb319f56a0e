/** Real clients of every listener: what each sends, and what a carbon is to have of it. */

import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { OTLPMetricExporter as JsonExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { AggregationTemporality } from "@opentelemetry/sdk-metrics";
import { installNpm, npmFolder } from "../daemons/packages.ts";
import { endWithTests, freePort, until } from "../harness/agent_process.ts";
import { sell } from "../harness/otlp_till.ts";
import { sendDatagram } from "../harness/unix_datagram.ts";
import type { Site } from "./site.ts";

const RELAY = "/usr/bin/carbon-relay";
const HOT_SHOTS = "hot-shots@17.1.1";
const STATSD_CLIENT = "statsd-client@0.4.7";
const INFLUX_CLIENT = "@influxdata/influxdb-client@1.35.0";

export interface Client {
  readonly name: string;
  readonly speaks: string;
  /** Program that it needs. */
  readonly program?: string;
  send(site: Site): Promise<unknown>;
  /** By path: the sum of all values that are stored, or each one by its second. */
  readonly expected: Readonly<Record<string, number | readonly Stored[]>>;
}
type Stored = readonly [time: number, value: number];

const COUNT = 2000;
const BEGIN = Math.floor(Date.now() / 1000) - 120;
const POINTS: readonly Stored[] = Array.from({ length: 50 }, (_, at) => [BEGIN + at, at + 0.5]);
const run = promisify(execFile);

/** As many calls, with pauses: a datagram for which there is no room is lost. */
async function paced(call: (at: number) => void): Promise<void> {
  for (let at = 0; at < COUNT; at++) {
    call(at);
    if (at % 50 === 49) await sleep(5);
  }
}

// deno-lint-ignore no-explicit-any -- clients that the sources do not depend on
async function library(npm: string): Promise<any> {
  installNpm(npm);
  const loaded = createRequire(import.meta.url)(npmFolder(npm));
  return loaded.default ?? loaded;
}

/** Lines to a relay of carbon's, which hands them on by its own client. */
async function relayed({ ports, directory }: Site): Promise<void> {
  const port = await freePort();
  const folder = join(directory, "relay");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "carbon.conf"),
    `[relay]
USER =
STORAGE_DIR = ${folder}/
CONF_DIR = ${folder}/
LOG_DIR = ${folder}/
PID_DIR = ${folder}/
ENABLE_LOGROTATION = False
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = ${port}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = ${await freePort()}
RELAY_METHOD = consistent-hashing
REPLICATION_FACTOR = 1
DESTINATIONS = 127.0.0.1:${ports.pickles}:a
CARBON_METRIC_INTERVAL = 0
`,
  );
  writeFileSync(join(folder, "storage-schemas.conf"), "[all]\npattern = .*\nretentions = 1s:1h\n");
  const config = `--config=${join(folder, "carbon.conf")}`;
  const child = spawn(RELAY, [config, `--pidfile=${folder}/pid`, "--nodaemon", "start"]);
  endWithTests(child);
  const peer = await until("the relay listens", () => connected(port), 30);
  peer.end(POINTS.map(([time, value]) => `lines.relay ${value} ${time}\n`).join(""));
  await sleep(2000);
  child.kill();
}

function connected(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const peer = connect(port, "127.0.0.1", () => resolve(peer));
    peer.on("error", () => resolve(undefined));
  });
}

const statsd = (path: string) => `servers.web1.statsd.${path}`;
const influx = (path: string) => `servers.web1.influx.${path}`;
const otlp = (path: string) => `servers.web1.otlp.${path}`;
const otlpUrl = ({ otlp }: Site["ports"]) => `http://127.0.0.1:${otlp}/v1/metrics`;

export const CLIENTS: readonly Client[] = [
  {
    name: HOT_SHOTS,
    speaks: "DogStatsD, UDP",
    async send({ ports }) {
      const { StatsD } = await library(HOT_SHOTS);
      const client = new StatsD({ port: ports.statsd, prefix: "hot.", maxBufferSize: 1000 });
      await paced((at) => {
        client.increment("orders", 1, ["zone:eu"]);
        client.timing("time", at % 10);
      });
      client.gauge("queue", 7);
      await new Promise((done) => client.close(done));
    },
    expected: {
      [statsd("counters.hot.orders.zone.eu.count")]: COUNT,
      [statsd("timers.hot.time.count")]: COUNT,
      [statsd("timers.hot.time.sum")]: COUNT * 4.5,
      [statsd("gauges.hot.queue")]: 7,
    },
  },
  {
    name: STATSD_CLIENT,
    speaks: "StatsD, UDP",
    async send({ ports }) {
      const StatsdClient = await library(STATSD_CLIENT);
      const client = new StatsdClient({ port: ports.statsd, prefix: "plain" });
      await paced(() => client.increment("orders", 3));
      client.gauge("queue", 5);
      await sleep(200);
      client.close();
    },
    expected: {
      [statsd("counters.plain.orders.count")]: COUNT * 3,
      [statsd("gauges.plain.queue")]: 5,
    },
  },
  {
    name: "bash, /dev/udp in a loop",
    speaks: "StatsD, UDP",
    program: "/bin/bash",
    send: ({ ports }) =>
      run("/bin/bash", [
        "-c",
        `for i in {1..${COUNT}}; do echo "shell.hits:1|c" >/dev/udp/127.0.0.1/${ports.statsd}; done`,
      ]),
    expected: { [statsd("counters.shell.hits.count")]: COUNT },
  },
  {
    name: "logger, in a loop",
    speaks: "syslog, by mistake",
    program: "/usr/bin/logger",
    send: ({ ports }) =>
      run("/bin/bash", [
        "-c",
        `for i in {1..200}; do logger -d -n 127.0.0.1 -P ${ports.statsd} "hits:1|c"; done`,
      ]),
    expected: { [statsd("listener.unreadable")]: 200 },
  },
  {
    name: "nc",
    speaks: "Graphite's lines, TCP",
    program: "/bin/nc",
    send: ({ ports, directory }) => {
      const file = join(directory, "lines");
      writeFileSync(file, POINTS.map(([time, value]) => `lines.nc ${value} ${time}\n`).join(""));
      return run("/bin/bash", ["-c", `nc -N 127.0.0.1 ${ports.lines} <${file}`]);
    },
    expected: { "lines.nc": POINTS },
  },
  {
    name: "carbon-relay",
    speaks: "carbon's pickles",
    program: RELAY,
    send: relayed,
    expected: { "lines.relay": POINTS },
  },
  {
    name: "Python, protocols 0 to 5",
    speaks: "carbon's pickles",
    program: "/usr/bin/python3",
    send: ({ ports }) => {
      const script = join(import.meta.dirname!, "pickle_client.py");
      return run("/usr/bin/python3", [script, `${ports.pickles}`, `${BEGIN}`, `${POINTS.length}`]);
    },
    expected: Object.fromEntries([0, 1, 2, 3, 4, 5].map((one) => [`pickled.p${one}`, POINTS])),
  },
  {
    name: INFLUX_CLIENT,
    speaks: "InfluxDB 2, gzip",
    async send({ ports }) {
      const { InfluxDB, Point } = await library(INFLUX_CLIENT);
      const url = `http://127.0.0.1:${ports.influx}`;
      const api = new InfluxDB({ url, token: "any" }).getWriteApi("org", "bucket", "s", {
        gzipThreshold: 0,
      });
      for (const [time, value] of POINTS) {
        api.writePoint(
          new Point("orders").tag("zone", "eu").floatField("value", value)
            .intField("n", 1).stringField("note", "a, b").timestamp(time),
        );
      }
      await api.close();
    },
    expected: { [influx("orders.eu")]: POINTS, [influx("orders.eu.n")]: POINTS.length },
  },
  {
    name: "influx -import",
    speaks: "InfluxDB 1",
    program: "/usr/bin/influx",
    send: ({ ports, directory }) => {
      const file = join(directory, "influx_lines");
      const lines = POINTS.map(([time, value]) => `cli,b=2,a=1 v=${value} ${time}\n`).join("");
      writeFileSync(
        file,
        `# DDL\nCREATE DATABASE t\n# DML\n# CONTEXT-DATABASE: t\n${lines}`,
      );
      const at = ["-host", "127.0.0.1", "-port", `${ports.influx}`];
      return run("/usr/bin/influx", [...at, "-import", `-path=${file}`, "-precision=s"]);
    },
    expected: { [influx("cli.1.2.v")]: POINTS },
  },
  {
    name: "a unix socket",
    speaks: "DogStatsD, unix",
    async send({ directory }) {
      for (let sent = 0; sent < COUNT; sent++) {
        await sendDatagram(join(directory, "statsd.sock"), "unix.hits:1|c");
      }
    },
    expected: { [statsd("counters.unix.hits.count")]: COUNT },
  },
  {
    name: "OpenTelemetry's SDK, totals",
    speaks: "OTLP, JSON",
    send: ({ ports }) => sell("json", new JsonExporter({ url: otlpUrl(ports) })),
    expected: { [otlp("json.orders.web.eu")]: 10 + 20 + 30 + 30, [otlp("json.stock")]: 310 },
  },
  {
    name: "OpenTelemetry's SDK, growths",
    speaks: "OTLP, protobuf",
    send: ({ ports }) =>
      sell(
        "protobuf",
        new ProtobufExporter({
          url: otlpUrl(ports),
          temporalityPreference: AggregationTemporality.DELTA,
        }),
      ),
    expected: { [otlp("protobuf.orders.web.eu")]: 30, [otlp("protobuf.time.count")]: 3 },
  },
];

export const canRun = ({ program }: Client) => program === undefined || existsSync(program);

/** What carbon has of a client: how many values there are to be, how many are there, and the first difference. */
export function compare({ expected }: Client, stored: Site["carbon"]["stored"]) {
  let [wanted, found] = [0, 0];
  let fault: string | undefined;
  for (const [path, values] of Object.entries(expected)) {
    const all = stored(path, BEGIN - 1, Math.floor(Date.now() / 1000)) ?? new Map<number, number>();
    if (typeof values === "number") {
      const sum = [...all.values()].reduce((sum, value) => sum + value, 0);
      wanted += values;
      found += sum;
      if (sum !== values) fault ??= `${path} is ${sum}, not ${values}`;
      continue;
    }
    const right = values.filter(([time, value]) => all.get(time) === value).length;
    wanted += values.length;
    found += right;
    if (right < values.length) fault ??= `${path} has ${right} of ${values.length} values`;
  }
  return { wanted, found, fault };
}
