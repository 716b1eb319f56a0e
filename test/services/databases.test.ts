/** Real databases store what the executable sends, and answer with it when they are asked. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import {
  noDatabases,
  startInfluxDb,
  startVictoriaMetrics,
  type Stored,
} from "../harness/databases.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: directory, remove } = temporary();
after(remove);

interface Point {
  /** Without `servers.web1.` */
  readonly name: string;
  readonly value: string;
  readonly timestamp: number;
}

const COLLECTORS = ["CPU", "Memory", "LoadAverage", "VMStat", "Uptime"];

/** Runs the agent for some seconds; returns what it archived. */
async function collected(base: string, handlers: Record<string, string>): Promise<Point[]> {
  mkdirSync(base, { recursive: true });
  const archive = join(base, "archive.log");
  const sections = Object.entries(handlers).map(([name, text]) => `[[${name}]]\n${text}\n`);
  writeFileSync(
    join(base, "diamond.conf"),
    `[server]\nstate_path = ${base}/state\nself_metrics = False\nhandlers = ${
      Object.keys(handlers).join(", ")
    }, ArchiveHandler\n[handlers]\n${
      sections.join("")
    }[[ArchiveHandler]]\nlog_file = ${archive}\n` +
      `[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n` +
      COLLECTORS.map((name) => `[[${name}Collector]]\nenabled = True\n`).join("") +
      `[[NetworkCollector]]\nenabled = True\ninterfaces = eth, en, lo\n`,
  );
  const running = start(["run", "-lf", "-c", join(base, "diamond.conf"), "--skip-pidfile"]);
  const points = () =>
    existsSync(archive)
      ? readFileSync(archive, "utf8").trim().split("\n").map((line) => {
        const [path, value, timestamp] = line.split(" ");
        return {
          name: path.replace("servers.web1.", ""),
          value,
          timestamp: Number(timestamp),
        };
      })
      : [];
  await until(
    "some seconds are collected",
    () => new Set(points().map(({ timestamp }) => timestamp)).size >= 6,
  );
  equal(await running.end(), 0, running.output());
  ok(!/ERROR|drops/.test(running.output()), running.output());
  return points();
}

/** Every point of the archive is stored, by the name that the database has for it, and nothing else is. */
function agree(
  points: readonly Point[],
  stored: Stored,
  nameOf: (name: string) => string | undefined,
) {
  let compared = 0;
  for (const { name, value, timestamp } of points) {
    const key = nameOf(name);
    if (key === undefined) continue;
    const found = stored.get(key)?.get(timestamp);
    const decimals = value.split(".")[1]?.length ?? 0;
    const near = found !== undefined &&
      Math.abs(found - Number(value)) <= 0.5000001 * 10 ** -decimals;
    ok(near, `${name} ${value} ${timestamp} is stored as ${key} ${found}`);
    compared++;
  }
  const total = [...stored.values()].reduce((sum, values) => sum + values.size, 0);
  deepEqual([compared > 300, total], [true, compared]);
}

/** `cpu.cpu0.user` is cpu.user of a processor. */
function opentsdbName(name: string): string | undefined {
  const [collector, ...rest] = name.split(".");
  if (name.startsWith("cpu.total.")) return undefined;
  const tag = { cpu: "cpuId", network: "interface" }[collector];
  if (tag === undefined || rest.length < 2) return `${name}{hostname=web1}`;
  const pairs = [`${tag}=${rest[0]}`, "hostname=web1"].sort();
  return `${collector}.${rest.slice(1).join(".")}{${pairs}}`;
}

const firstDot = (name: string): [string, string] => [
  name.slice(0, name.indexOf(".")),
  name.slice(name.indexOf(".") + 1),
];

describeWith("databases", noExecutable || noDatabases, () => {
  it("VictoriaMetrics stores what TSDBHandler puts", async () => {
    const base = join(directory, "opentsdb");
    const server = await startVictoriaMetrics(base);
    const options =
      `port = ${server.opentsdbPort}\ncompression = 6\nuser = me\npassword = secret\n`;
    const points = await collected(base, { TSDBHandler: options });
    agree(points, await server.stored(), opentsdbName);
    await server.stop();
  });

  it("InfluxDB and VictoriaMetrics store what InfluxdbHandler writes", async () => {
    const base = join(directory, "influxdb");
    const victoria = await startVictoriaMetrics(base);
    const influx = await startInfluxDb(base, "graphite");
    const points = await collected(base, {
      "InfluxdbHandler influx": `hostname = 127.0.0.1\nport = ${influx.port}\ncompression = 1\n`,
      "InfluxdbHandler victoria":
        `hostname = 127.0.0.1\nport = ${victoria.port}\ntime_precision = ms\n`,
      "InfluxdbHandler two":
        `hostname = 127.0.0.1\nport = ${victoria.port}\ninfluxdb_version = 2\norg = o\nbucket = b\ntoken = t\ntime_precision = ns\n`,
    });
    agree(points, await influx.stored("graphite"), (name) => {
      const [measurement, field] = firstDot(name);
      return `${measurement} ${field} web1`;
    });
    const all = await victoria.stored();
    for (const database of ["db=graphite,", ""]) {
      const own = new Map([...all].filter(([key]) => key.includes("db=") === (database !== "")));
      agree(points, own, (name) => {
        const [measurement, field] = firstDot(name);
        return `${measurement}_${field}{${database}host=web1}`;
      });
    }
    await influx.stop();
    await victoria.stop();
  });
});
