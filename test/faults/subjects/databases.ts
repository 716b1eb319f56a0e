/** Databases: MariaDB, ClickHouse, InfluxDB, VictoriaMetrics by each protocol that it takes, Prometheus. */

import { join } from "node:path";
import { clickhouseSchema } from "../../../src/formats/clickhouse.ts";
import { freePort } from "../../harness/agent_process.ts";
import { clickhouse, makeTable, untilMerged } from "../../harness/clickhouse.ts";
import {
  startInfluxDb,
  startPrometheus,
  startVictoriaMetrics,
  type Stored,
} from "../../harness/databases.ts";
import { mariadb } from "../../harness/mariadb.ts";
import { isNear, linesByField, partsOf, type Subject } from "./subject.ts";

const TABLE = `CREATE DATABASE metrics; CREATE TABLE metrics.points
  (metric VARCHAR(255), value DOUBLE, timestamp BIGINT, PRIMARY KEY (metric, timestamp))`;

/** The key of its table, as of the one that the agent prints, keeps out what comes again. */
export async function mariadbSubject(directory: string): Promise<Subject> {
  const port = await freePort();
  const boot = () => mariadb(directory, port);
  let server = await boot();
  server.sql(TABLE);
  return {
    server: "MariaDB",
    sections: {
      MySQLHandler:
        `socket = ${server.socket}\nusername = root\ndatabase = metrics\ntable = points`,
    },
    stop: (signal) => server.stop(signal),
    async start() {
      server = await boot();
    },
    taken(archive) {
      const rows = server.sql("SELECT metric, value, timestamp FROM metrics.points");
      const lines = new Map(archive.map((line) => [keyOf(line.split(" ")), line]));
      const found = rows.map((row) => lines.get(keyOf(row))).filter((line) => line !== undefined);
      return Promise.resolve({ MySQLHandler: found });
    },
    close: () => server.stop("SIGTERM"),
  };
}

const keyOf = ([path, value, time]: readonly string[]) => `${path} ${Number(value)} ${time}`;

/** Debian's version knows no tokens: what came twice is one row when the parts are merged. */
export async function clickhouseSubject(directory: string): Promise<Subject> {
  const port = await freePort();
  let server = await clickhouse(directory, port);
  await makeTable(server, clickhouseSchema({ database: "default", table: "graphite" }));
  return {
    server: "ClickHouse 18.16",
    sections: { ClickHouseHandler: `host = 127.0.0.1\nport = ${port}` },
    stop: (signal) => server.stop(signal),
    async start() {
      server = await clickhouse(directory, port);
    },
    async taken(archive) {
      await untilMerged(server, "graphite");
      const rows = await server.rows("graphite");
      const found = Map.groupBy(rows, ({ Path, Time }) => `${Path} ${Time}`);
      const lines = archive.flatMap((line) => {
        const { path, text, time } = partsOf(line);
        const same = found.get(`${path} ${time}`) ?? [];
        return same.filter(({ Value }) => isNear(Value, text)).map(() => line);
      });
      return { ClickHouseHandler: lines };
    },
    close: () => server.stop("SIGKILL"),
  };
}

export async function influxSubject(directory: string): Promise<Subject> {
  let server = await startInfluxDb(directory, "graphite");
  return {
    server: "InfluxDB 1.6",
    overwrites: true,
    sections: { InfluxdbHandler: `hostname = 127.0.0.1\nport = ${server.port}` },
    stop: (signal) => server.stop(signal),
    async start() {
      server = await startInfluxDb(directory, "graphite", server);
    },
    taken: async (archive) => ({
      InfluxdbHandler: linesByField(await server.stored("graphite"), archive),
    }),
    close: () => server.stop(),
  };
}

export async function prometheusSubject(directory: string): Promise<Subject> {
  const name = "PrometheusRemoteWriteHandler";
  let server = await startPrometheus(directory);
  return {
    server: "Prometheus",
    overwrites: true,
    sections: { [name]: `url = http://127.0.0.1:${server.port}/api/v1/write` },
    stop: (signal) => server.stop(signal),
    async start() {
      server = await startPrometheus(directory, server);
    },
    taken: async (archive) => ({ [name]: linesByField(await server.stored(), archive) }),
    close: () => server.stop(),
  };
}

/** What its protocols are told apart by, in the names that it stores. Telnet has no receipt: there the agent sends again. */
const victoriaNames: Readonly<Record<string, RegExp>> = {
  "PrometheusRemoteWriteHandler victoria": /^written_/,
  "TSDBHandler http": /^http\.network/,
  "TSDBHandler telnet": /^telnet\.network/,
  "InfluxdbHandler victoria": /\{db=graphite,/,
};

export async function victoriaSubject(directory: string): Promise<Subject> {
  let server = await startVictoriaMetrics(join(directory, "data"));
  const { port, opentsdbPort, telnetPort } = server;
  const url = `http://127.0.0.1:${port}/api/v1/write`;
  const having = (stored: Stored, pattern: RegExp) =>
    new Map([...stored].filter(([name]) => pattern.test(name)));
  return {
    server: "VictoriaMetrics",
    overwrites: true,
    mayLose: "it answers some 10 s before its files have what it took",
    sections: {
      "PrometheusRemoteWriteHandler victoria": `url = ${url}\nprefix = written`,
      "TSDBHandler http": `host = 127.0.0.1\nport = ${opentsdbPort}\nprefix = http`,
      "TSDBHandler telnet":
        `host = 127.0.0.1\nport = ${telnetPort}\nprotocol = telnet\nprefix = telnet`,
      "InfluxdbHandler victoria": `hostname = 127.0.0.1\nport = ${port}`,
    },
    stop: (signal) => server.stop(signal),
    async start() {
      server = await startVictoriaMetrics(join(directory, "data"), server);
    },
    async taken(archive) {
      const stored = await server.stored();
      return Object.fromEntries(
        Object.entries(victoriaNames).map(([name, pattern]) => [
          name,
          linesByField(having(stored, pattern), archive),
        ]),
      );
    },
    close: () => server.stop(),
  };
}
