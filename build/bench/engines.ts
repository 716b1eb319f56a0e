/** What one handler brings to each real server of Debian's packages, and what that costs the agent. */

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { clickhouseSchema } from "../../src/formats/clickhouse.ts";
import { freePort } from "../../test/harness/agent_process.ts";
import { AmqpQueue } from "../../test/harness/amqp_queue.ts";
import { mosquitto, noMosquitto, noRabbit, rabbit } from "../../test/harness/brokers.ts";
import { noCarbon, startCarbon } from "../../test/harness/carbon.ts";
import { clickhouse, makeTable, noClickhouse } from "../../test/harness/clickhouse.ts";
import {
  noDatabases,
  startInfluxDb,
  startPrometheus,
  startVictoriaMetrics,
} from "../../test/harness/databases.ts";
import { mariadb, noMariadb } from "../../test/harness/mariadb.ts";
import { makeStream, natsServer, noNats } from "../../test/harness/nats.ts";
import { noRedis, redisServer } from "../../test/harness/redis.ts";
import { noRelay, startRelay } from "../../test/harness/relays.ts";
import { tunedEnvironment } from "../../src/platform/memory/reexec.ts";

interface Engine {
  readonly name: string;
  readonly missing: string | false;
  readonly handler: string;
  readonly points: number;
  start(folder: string): Promise<{ options: object; stop(): Promise<unknown> }>;
}

const local = "127.0.0.1";
const HUNDRED_THOUSAND = 100_000;
const TABLE = `CREATE DATABASE metrics; CREATE TABLE metrics.points
  (metric VARCHAR(255), value DOUBLE, timestamp BIGINT, PRIMARY KEY (metric, timestamp))`;

const engines: readonly Engine[] = [
  {
    name: "carbon, lines",
    missing: noCarbon,
    handler: "GraphiteHandler",
    points: HUNDRED_THOUSAND,
    async start(folder) {
      const carbon = await startCarbon(folder);
      const { port } = carbon;
      return {
        options: { host: local, port, resend_seconds: 0 },
        stop: () => carbon.stop("SIGKILL"),
      };
    },
  },
  {
    name: "carbon, pickles",
    missing: noCarbon,
    handler: "GraphitePickleHandler",
    points: HUNDRED_THOUSAND,
    async start(folder) {
      const carbon = await startCarbon(folder);
      const { picklePort: port } = carbon;
      return {
        options: { host: local, port, resend_seconds: 0 },
        stop: () => carbon.stop("SIGKILL"),
      };
    },
  },
  {
    name: "carbon-c-relay",
    missing: noCarbon || noRelay,
    handler: "GraphiteHandler",
    points: HUNDRED_THOUSAND,
    async start(folder) {
      const carbon = await startCarbon(join(folder, "carbon"));
      const relay = await startRelay(join(folder, "relay"), [carbon.port]);
      return {
        options: { host: local, port: relay.port, resend_seconds: 0 },
        stop: () => Promise.all([relay.stop(), carbon.stop("SIGKILL")]),
      };
    },
  },
  {
    name: "2 carbon-c-relays, any_of",
    missing: noCarbon || noRelay,
    handler: "GraphiteClusterHandler",
    points: HUNDRED_THOUSAND,
    async start(folder) {
      const carbon = await startCarbon(join(folder, "carbon"));
      const relays = await Promise.all(
        ["one", "two"].map((name) => startRelay(join(folder, name), [carbon.port])),
      );
      const host = relays.map(({ port }) => `${local}:${port}`);
      return {
        options: { host, hash: "any_of", resend_seconds: 0 },
        stop: () => Promise.all([...relays, carbon].map((one) => one.stop("SIGKILL"))),
      };
    },
  },
  {
    name: "VictoriaMetrics",
    missing: noDatabases,
    handler: "PrometheusRemoteWriteHandler",
    points: HUNDRED_THOUSAND,
    async start(folder) {
      const server = await startVictoriaMetrics(folder);
      const url = `http://${local}:${server.port}/api/v1/write`;
      return { options: { url }, stop: server.stop };
    },
  },
  {
    name: "Prometheus",
    missing: noDatabases,
    handler: "PrometheusRemoteWriteHandler",
    points: HUNDRED_THOUSAND,
    async start(folder) {
      const server = await startPrometheus(folder);
      const url = `http://${local}:${server.port}/api/v1/write`;
      return { options: { url }, stop: server.stop };
    },
  },
  {
    name: "InfluxDB 1.6",
    missing: noDatabases,
    handler: "InfluxdbHandler",
    points: HUNDRED_THOUSAND,
    async start(folder) {
      const server = await startInfluxDb(folder, "graphite");
      return { options: { hostname: local, port: server.port }, stop: server.stop };
    },
  },
  {
    name: "ClickHouse",
    missing: noClickhouse,
    handler: "ClickHouseHandler",
    points: HUNDRED_THOUSAND,
    async start(folder) {
      const port = await freePort();
      const server = await clickhouse(folder, port);
      await makeTable(server, clickhouseSchema({ database: "default", table: "graphite" }));
      return { options: { host: local, port }, stop: () => server.stop("SIGKILL") };
    },
  },
  {
    name: "MariaDB",
    missing: noMariadb,
    handler: "MySQLHandler",
    points: HUNDRED_THOUSAND,
    async start(folder) {
      const server = await mariadb(folder, await freePort());
      server.sql(TABLE);
      const { socket } = server;
      return {
        options: { socket, username: "root", database: "metrics", table: "points" },
        stop: () => server.stop("SIGTERM"),
      };
    },
  },
  {
    name: "NATS JetStream",
    missing: noNats,
    handler: "NatsHandler",
    points: HUNDRED_THOUSAND,
    async start(folder) {
      const port = await freePort();
      const server = await natsServer(folder, port);
      await makeStream(port, "bench.>");
      return {
        options: { host: local, port, prefix: "bench" },
        stop: () => server.stop("SIGTERM"),
      };
    },
  },
  {
    name: "Redis, synced by each write",
    missing: noRedis,
    handler: "RedisStreamHandler",
    points: HUNDRED_THOUSAND,
    async start(folder) {
      const port = await freePort();
      const server = await redisServer(folder, port);
      return { options: { host: local, port }, stop: () => server.stop("SIGTERM") };
    },
  },
  {
    name: "RabbitMQ",
    missing: noRabbit,
    handler: "rmqHandler",
    points: 20_000,
    async start(folder) {
      const port = await freePort();
      const server = await rabbit(folder, port);
      const queue = new AmqpQueue(port, { exchange: "diamond", type: "topic", key: "#" });
      await queue.declare();
      return { options: { server: local, port }, stop: () => server.stop("SIGKILL") };
    },
  },
  {
    name: "mosquitto, QoS 1",
    missing: noMosquitto,
    handler: "MQTTHandler",
    points: 20_000,
    async start(folder) {
      const port = await freePort();
      const server = await mosquitto(folder, port);
      return { options: { host: local, port, qos: 1 }, stop: () => server.stop("SIGTERM") };
    },
  },
];

interface Measured {
  readonly perSecond: number;
  readonly microseconds: number;
  readonly peak: number;
}

/** A table; `only`: parts of names. */
export async function measureEngines(
  parent: string,
  only: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  say("| server | handler | points/s | agent's CPU, µs/point | peak RSS, MB |");
  say("| --- | --- | --- | --- | --- |");
  for (const { name, missing, handler, points, start } of engines) {
    if (only.length > 0 && !only.some((part) => name.includes(part))) continue;
    if (missing) {
      say(`| ${name} | ${handler} | ${missing} | | |`);
      continue;
    }
    const folder = join(parent, "engines", name.replace(/\W+/g, "_"));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const { options, stop } = await start(folder);
    try {
      const { perSecond, microseconds, peak } = measured(handler, options, points);
      const rate = (Math.round(perSecond / 100) * 100).toLocaleString("en");
      say(`| ${name} | ${handler} | ${rate} | ${microseconds.toFixed(1)} | ${peak.toFixed(0)} |`);
    } finally {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function measured(handler: string, options: object, points: number): Measured {
  const { stdout, stderr } = spawnSync(process.execPath, [
    join(import.meta.dirname!, "engine.ts"),
    handler,
    JSON.stringify(options),
    String(points),
  ], { encoding: "utf8", env: tunedEnvironment(process.env) });
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`${handler}: ${stderr}${stdout}`);
  }
}
