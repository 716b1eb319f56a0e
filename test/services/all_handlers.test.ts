/**
 * The executable with all its handlers at once, each into its real server: every server has the same
 * points as the archive, by name, time and value.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { createSocket } from "node:dgram";
import { existsSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, it } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  agent,
  freePort,
  lineServer,
  noExecutable,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { noCarbon, startCarbon } from "../harness/carbon.ts";
import { clickhouse, makeTable, noClickhouse } from "../harness/clickhouse.ts";
import {
  noDatabases,
  startInfluxDb,
  startPrometheus,
  startVictoriaMetrics,
  type Stored,
} from "../harness/databases.ts";
import { describeWith } from "../harness/describe_with.ts";
import { mariadb, noMariadb } from "../harness/mariadb.ts";
import { noRedis, redisServer } from "../harness/redis.ts";
import { noRelays, startRelay, startStatsd } from "../harness/relays.ts";
import {
  archived,
  compare,
  type Comparison,
  isNear,
  type Point,
  table,
} from "../harness/stored.ts";

const { path: directory, remove } = temporary();
after(remove);

const SECONDS = 60;
const COLLECTORS = ["CPU", "Memory", "LoadAverage", "VMStat", "Uptime", "Network", "TCP"];
const noPrometheus = existsSync("/usr/bin/prometheus") ? false : "prometheus is not installed";
const missing = noExecutable || noCarbon || noDatabases || noMariadb || noRelays || noPrometheus ||
  noRedis || noClickhouse;

/** Of the collectors here only TCP's metrics are counters. */
const isCounter = ({ name }: Point) => name.startsWith("tcp.") && name !== "tcp.CurrEstab";

function put(stored: Stored, key: string, timestamp: number, value: number): void {
  const points = stored.get(key) ?? new Map<number, number>();
  points.set(timestamp, value);
  stored.set(key, points);
}

/** Servers that only remember: for services that are gone, and protocols that have no package here. */
async function recorders() {
  const bodies: { path: string; text: string }[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks);
    const text = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    bodies.push({ path: request.url ?? "", text: text.toString() });
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const datagrams: string[] = [];
  const udp = createSocket("udp4").on("message", (text) => void datagrams.push(`${text}`));
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  return {
    http: (server.address() as AddressInfo).port,
    udp: udp.address().port,
    bodies: (path: string) => bodies.filter((body) => body.path === path).map(({ text }) => text),
    datagrams: () => datagrams.join(""),
    close() {
      server.close();
      server.closeAllConnections?.();
      udp.close();
    },
  };
}

/** `cpu.cpu0.user` is cpu.user of a processor; sums of all processors are left out. */
function opentsdbKey(prefix: string) {
  return ({ name }: Point): string | undefined => {
    const [collector, ...rest] = name.split(".");
    if (name.startsWith("cpu.total.")) return undefined;
    const tag = { cpu: "cpuId", network: "interface" }[collector];
    if (tag === undefined || rest.length < 2) return `${prefix}${name}{hostname=web1}`;
    const pairs = [`${tag}=${rest[0]}`, "hostname=web1"].sort();
    return `${prefix}${collector}.${rest.slice(1).join(".")}{${pairs}}`;
  };
}

/** Names are compared without `_` and case: MemFree is mem_free. */
const plain = (text: string) => text.toLowerCase().replaceAll("_", "");

function prometheusKey(prefix: string) {
  return (point: Point): string => {
    const { name, labels } = dimensions(point.name);
    const pairs = [...labels, "host=web1"].sort();
    return `${plain(prefix + name)}${isCounter(point) ? "eventstotal" : ""}{${pairs}}`;
  };
}

/** What the collectors here have as labels, and what is left as the name. */
function dimensions(name: string): { name: string; labels: string[] } {
  const [collector, first, second] = name.split(".");
  if (second !== undefined && collector === "cpu") {
    return { name: collector, labels: [`cpu=${first}`, `field=${second}`] };
  }
  if (collector === "network") {
    const [, way, unit] = /^([rt]x)_(bit|byte)$/.exec(second) ?? [];
    const labels = [`device=${first}`, way === undefined ? `field=${second}` : `unit=${unit}`];
    return { name: collector + (way ?? ""), labels };
  }
  const label = { tcp: "counter", uptime: "unit" }[collector];
  return label === undefined
    ? { name: collector + first, labels: [] }
    : { name: collector, labels: [`${label}=${first}`] };
}

function plainKeys(stored: Stored, prefix: string): Stored {
  const own = [...stored].filter(([key]) => key.startsWith(prefix));
  return new Map(own.map(([key, points]) => {
    const [name, rest] = [key.slice(0, key.indexOf("{")), key.slice(key.indexOf("{"))];
    return [plain(name.replace(/_value$/, "")) + rest, points];
  }));
}

/** A rate was taken over the time that passed, which a busy machine makes up to a quarter longer than a second. */
const isNearRate = (growth: number, point: Point) =>
  Math.abs(growth - point.value) <= 0.5 + 0.25 * point.value;

/** A counter's cumulative values grow by what was archived as its rate. */
function sameGrowth(stored: Stored) {
  return (found: number | undefined, point: Point, key: string): boolean => {
    if (!isCounter(point)) return isNear(found, point);
    if (found === undefined) return false;
    const points = stored.get(key)!;
    const before = points.get(point.timestamp - 1);
    // Of the first one the growth is not known, but it is there.
    if (before === undefined) return points.keys().next().value === point.timestamp;
    return isNearRate(found - before, point);
  };
}

/** Values that came without times, one after the other: they get those of the points that they should be. */
function inOrder(
  sent: readonly Point[],
  keyOf: (point: Point) => string | undefined,
  values: readonly (readonly [key: string, value: number])[],
): Stored {
  const expected = Map.groupBy(sent, keyOf);
  const next = new Map<string, number>();
  const stored: Stored = new Map();
  for (const [key, value] of values) {
    const index = next.get(key) ?? 0;
    next.set(key, index + 1);
    put(stored, key, expected.get(key)?.[index]?.timestamp ?? -index, value);
  }
  return stored;
}

interface OtlpNumber {
  readonly attributes: { key: string; value: { stringValue: string } }[];
  readonly timeUnixNano: string;
  readonly asDouble?: number;
  readonly asInt?: string;
}

/** Reads exports strictly: what the schema does not have, or has in another form, throws. */
function otlpStored(bodies: readonly string[]): Stored {
  const stored: Stored = new Map();
  const only = (object: object, ...fields: string[]) => {
    for (const field of Object.keys(object)) ok(fields.includes(field), `${field} is no field`);
  };
  for (const body of bodies) {
    const request = JSON.parse(body);
    only(request, "resourceMetrics");
    for (const { resource, scopeMetrics, ...rest } of request.resourceMetrics) {
      only(rest);
      const host = resource.attributes.find(({ key }: { key: string }) => key === "host.name");
      deepEqual(host, { key: "host.name", value: { stringValue: "web1" } });
      for (const { scope, metrics } of scopeMetrics) {
        only(scope, "name", "version");
        for (const metric of metrics) {
          only(metric, "name", "description", "unit", "gauge", "sum");
          const { name, gauge, sum } = metric;
          if (sum !== undefined) {
            only(sum, "aggregationTemporality", "isMonotonic", "dataPoints");
            deepEqual([sum.aggregationTemporality, sum.isMonotonic], [2, true]);
          }
          for (const point of (gauge ?? sum).dataPoints as OtlpNumber[]) {
            only(point, "attributes", "timeUnixNano", "asDouble", "asInt");
            ok(/^\d{19}$/.test(point.timeUnixNano));
            ok(typeof point.asDouble === "number" || /^-?\d+$/.test(point.asInt!));
            const pairs = point.attributes.map(({ key, value }) => `${key}=${value.stringValue}`);
            const key = `${plain(`diamond${name.replaceAll(".", "")}`)}${sum ? "total" : ""}{${
              [...pairs, "host=web1"].sort()
            }}`;
            const value = point.asDouble ?? Number(point.asInt);
            put(stored, key, Number(BigInt(point.timeUnixNano) / 1_000_000_000n), value);
          }
        }
      }
    }
  }
  return stored;
}

describeWith("all handlers at once", missing, () => {
  it(`for ${SECONDS} s: every server has what the archive has`, async () => {
    const base = (name: string) => join(directory, name);
    const carbon = (name: string) => startCarbon(base(name), "^(carbon|stats\\.statsd|statsd)");
    const [lines, pickles, one, east, west, multi] = await Promise.all(
      ["lines", "pickles", "one", "east", "west", "multi"].map(carbon),
    );
    const relay = await startRelay(base("relay"), [east.port, west.port]);
    const behindStatsd = await lineServer();
    const statsd = await startStatsd(base("statsd"), behindStatsd.port);
    const [victoria, influx, prometheus, database, columns, streams] = await Promise.all([
      startVictoriaMetrics(base("victoria")),
      startInfluxDb(base("influx"), "graphite"),
      startPrometheus(base("prometheus")),
      freePort().then((port) => mariadb(base("mariadb"), port)),
      freePort().then((port) => clickhouse(base("clickhouse"), port)),
      freePort().then((port) => redisServer(base("redis"), port)),
    ]);
    const recorded = await recorders();
    const page = await freePort();
    const recorder = `http://127.0.0.1:${recorded.http}`;
    const local = (port: number) => `host = 127.0.0.1\nport = ${port}\n`;
    const sections: Record<string, string> = {
      "diamond.handler.graphite.GraphiteHandler": local(lines.port),
      "diamond.handler.graphitepickle.GraphitePickleHandler": `${
        local(pickles.picklePort)
      }batch = 256\n`,
      MultiGraphiteHandler: `host = 127.0.0.1:${one.port}, 127.0.0.1:${relay.port}\n`,
      MultiGraphitePickleHandler: `host = 127.0.0.1\nport = ${multi.picklePort}\n`,
      HostedGraphiteHandler: `${local(lines.port)}apikey = hosted\n`,
      "diamond.handler.mysql.MySQLHandler":
        `socket = ${database.socket}\nusername = root\ndatabase = metrics\ntable = points\n`,
      StatsdHandler: local(statsd.port),
      StatsiteHandler: `host = 127.0.0.1\nudpport = ${recorded.udp}\n`,
      "TSDBHandler http": `${
        local(victoria.opentsdbPort)
      }compression = 6\nuser = me\npassword = x\n`,
      "TSDBHandler telnet": `${local(victoria.telnetPort)}protocol = telnet\nprefix = telnet\n`,
      "InfluxdbHandler influx": `hostname = 127.0.0.1\nport = ${influx.port}\ncompression = 1\n`,
      "InfluxdbHandler victoria":
        `hostname = 127.0.0.1\nport = ${victoria.port}\ntime_precision = ms\n`,
      "InfluxdbHandler two":
        `hostname = 127.0.0.1\nport = ${victoria.port}\ninfluxdb_version = 2\norg = o\nbucket = b\ntoken = t\ntime_precision = ns\n`,
      LibratoHandler: `url = ${recorder}/librato\nuser = u\napikey = k\n`,
      "HttpPostHandler plain": `url = ${recorder}/plain\n`,
      "HttpPostHandler json": `url = ${recorder}/json\nformat = JSON\ncompression = 1\n`,
      PrometheusHandler: `port = ${page}\n`,
      "PrometheusRemoteWriteHandler prometheus":
        `url = http://127.0.0.1:${prometheus.port}/api/v1/write\n`,
      "PrometheusRemoteWriteHandler victoria":
        `url = http://127.0.0.1:${victoria.port}/api/v1/write\nprefix = written\n`,
      ClickHouseHandler: `${local(columns.port)}compression = 1\n`,
      RedisStreamHandler: local(streams.port),
      OTLPHandler: `url = ${recorder}/otlp\n`,
      ArchiveHandler: `log_file = ${base("archive.log")}\n`,
    };
    const conf = base("diamond.conf");
    const names = Object.keys(sections);
    writeFileSync(
      conf,
      `[server]\nstate_path = ${base("state")}\npid_file = ${
        base("agent.pid")
      }\nself_metrics = False\nhandlers = ${names.join(", ")}\n[handlers]\n${
        names.map((name) => `[[${name.split(".").at(-1)}]]\n${sections[name]}`).join("")
      }[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n${
        COLLECTORS.map((name) => `[[${name}Collector]]\nenabled = True\n`).join("")
      }interfaces = eth, en, lo\n`.replace(
        "[[TCPCollector]]\nenabled = True\ninterfaces = eth, en, lo\n",
        "[[TCPCollector]]\nenabled = True\n",
      ).replace("[[NetworkCollector]]\n", "[[NetworkCollector]]\ninterfaces = eth, en, lo\n"),
    );
    database.sql(
      `CREATE DATABASE metrics; USE metrics; ${agent(["schema", "mysql", "-c", conf]).stdout}`,
    );

    await makeTable(columns, agent(["schema", "clickhouse", "-c", conf]).stdout);

    const running = start(["run", "-lf", "--debug", "-c", conf]);
    const points = () => archived(base("archive.log"));
    await until(
      `${SECONDS} seconds are collected`,
      () => new Set(points().map(({ timestamp }) => timestamp)).size >= SECONDS,
      SECONDS + 30,
    );
    const latest = () => Math.max(...points().map(({ timestamp }) => timestamp));
    const [shown, shownAt] = await until("a page of one run", async () => {
      const before = latest();
      const text = await (await fetch(`http://127.0.0.1:${page}/metrics`)).text();
      return before === latest() ? [text, before] as const : undefined;
    });
    equal(await running.end(), 0, running.output());
    ok(!/ERROR|drops|refuses/.test(running.output()), running.output().slice(0, 3000));

    const sent = points();
    const stamps = sent.map(({ timestamp }) => timestamp);
    const [oldest, newest] = [Math.min(...stamps), Math.max(...stamps)];
    /** Servers take their time to write. */
    const read = async (from: typeof lines): Promise<Stored> => {
      let before = -1;
      return await until("carbon has written everything", async () => {
        const found = from.everything(oldest - 1, newest + 1);
        const total = [...found.values()].reduce((sum, { size }) => sum + size, 0);
        if (total === before) return found;
        before = total;
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }, 30);
    };
    const exact = (found: number | undefined, { value }: Point) => found === value;
    const byPath = ({ path }: Point) => path;
    const rows: Comparison[] = [];
    const fromLines = await read(lines);
    const part = (prefix: string) =>
      new Map([...fromLines].filter(([path]) => path.startsWith(prefix)));
    rows.push(
      compare("GraphiteHandler → carbon", sent, part("servers."), byPath, exact),
      compare(
        "HostedGraphiteHandler → carbon",
        sent,
        part("hosted."),
        ({ path }) => `hosted.${path}`,
        exact,
      ),
      compare("GraphitePickleHandler → carbon", sent, await read(pickles), byPath),
      compare("MultiGraphiteHandler → carbon", sent, await read(one), byPath, exact),
    );
    for (const behind of [east, west]) {
      rows.push(
        compare(
          "MultiGraphiteHandler → carbon-c-relay → carbon",
          sent,
          await read(behind),
          byPath,
          exact,
        ),
      );
    }
    rows.push(compare("MultiGraphitePickleHandler → carbon", sent, await read(multi), byPath));

    const inTable: Stored = new Map();
    for (
      const [path, value, timestamp] of database.sql(
        "SELECT metric, value, timestamp FROM metrics.points",
      )
    ) put(inTable, path, Number(timestamp), Number(value));
    rows.push(compare("MySQLHandler → MariaDB", sent, inTable, byPath, exact));

    const inColumns: Stored = new Map();
    for (const { Path, Value, Time } of await columns.rows("graphite")) {
      put(inColumns, Path, Time, Value);
    }
    const inStream: Stored = new Map();
    for (const { path, value, timestamp } of streams.entries("metrics")) {
      put(inStream, path, Number(timestamp), Number(value));
    }
    rows.push(
      compare("ClickHouseHandler → ClickHouse", sent, inColumns, byPath),
      compare("RedisStreamHandler → Redis", sent, inStream, byPath, exact),
    );

    // A counter's increments of 0, and its first count, are not sent.
    const firstOf = new Map<string, number>();
    for (const { path, timestamp } of sent) {
      if (!firstOf.has(path)) firstOf.set(path, timestamp);
    }
    const counted = (point: Point) =>
      point.value === 0 || firstOf.get(point.path) === point.timestamp;
    const statsdKey = (point: Point) => {
      if (!isCounter(point)) return `stats.gauges.${point.path}`;
      return counted(point) ? undefined : `stats.counters.${point.path}.count`;
    };
    const flushed = behindStatsd.lines.map((line) => line.split(" "))
      .filter(([key]) => key.startsWith("stats.") && !key.endsWith(".rate"))
      .filter(([key]) => key.includes(".servers."))
      .map(([key, value]) => [key, Number(value)] as const);
    rows.push(
      compare(
        "StatsdHandler → StatsD",
        sent,
        inOrder(sent, statsdKey, flushed),
        statsdKey,
        (found, point) => isCounter(point) ? isNearRate(found ?? NaN, point) : isNear(found, point),
      ),
    );
    const keyValues = recorded.datagrams().split("\n").slice(0, -1).map((line) => {
      const [, path, text] = /^(\S+):(\S+)\|kv$/.exec(line)!;
      return [path, Number(text)] as const;
    });
    rows.push(
      compare(
        "StatsiteHandler → recorder (UDP)",
        sent,
        inOrder(sent, byPath, keyValues),
        byPath,
        exact,
      ),
    );

    const all = await victoria.stored();
    const having = (test: (key: string) => boolean) =>
      new Map([...all].filter(([key]) => test(key)));
    const isWritten = (key: string) => key.startsWith("written_");
    const isTelnet = (key: string) => key.startsWith("telnet.");
    const isOpentsdb = (key: string) => key.includes("hostname=") && !isTelnet(key);
    const isInflux = (key: string) => !isWritten(key) && !key.includes("hostname=");
    rows.push(
      compare("TSDBHandler → VictoriaMetrics (HTTP)", sent, having(isOpentsdb), opentsdbKey("")),
      compare(
        "TSDBHandler → VictoriaMetrics (telnet)",
        sent,
        having(isTelnet),
        opentsdbKey("telnet."),
      ),
    );
    const firstDot = ({ name }: Point) => [
      name.slice(0, name.indexOf(".")),
      name.slice(name.indexOf(".") + 1),
    ];
    rows.push(
      compare("InfluxdbHandler → InfluxDB 1.6", sent, await influx.stored("graphite"), (point) => {
        const [measurement, field] = firstDot(point);
        return `${measurement} ${field} web1`;
      }),
    );
    for (const [version, pairs] of [["0.9", "db=graphite,"], ["2", ""]]) {
      rows.push(
        compare(
          `InfluxdbHandler → VictoriaMetrics (API of ${version})`,
          sent,
          having((key) => isInflux(key) && key.includes("{db=") === (pairs !== "")),
          (point) => `${firstDot(point).join("_")}{${pairs}host=web1}`,
        ),
      );
    }

    const librato: Stored = new Map();
    for (const body of recorded.bodies("/librato")) {
      const { gauges = [], counters = [] } = JSON.parse(body);
      for (const { name, value, measure_time } of [...gauges, ...counters]) {
        put(librato, name, measure_time, value);
      }
    }
    rows.push(
      compare("LibratoHandler → recorder", sent, librato, ({ name }) => name, sameGrowth(librato)),
    );
    const posted: Stored = new Map();
    for (const line of recorded.bodies("/plain").join("\n").split("\n")) {
      const [path, value, timestamp] = line.split(" ");
      if (path !== "") put(posted, path, Number(timestamp), Number(value));
    }
    const objects: Stored = new Map();
    for (const body of recorded.bodies("/json")) {
      for (const { path, value, timestamp } of JSON.parse(body).metric) {
        put(objects, path, timestamp, value);
      }
    }
    rows.push(
      compare("HttpPostHandler → recorder (PLAIN)", sent, posted, byPath, exact),
      compare("HttpPostHandler → recorder (JSON)", sent, objects, byPath),
    );

    const written = plainKeys(await prometheus.stored(), "diamond");
    const alsoWritten = plainKeys(having(isWritten), "written");
    const exported = otlpStored(recorded.bodies("/otlp"));
    rows.push(
      compare(
        "PrometheusRemoteWriteHandler → Prometheus",
        sent,
        written,
        prometheusKey("diamond"),
        sameGrowth(written),
      ),
      compare(
        "PrometheusRemoteWriteHandler → VictoriaMetrics",
        sent,
        alsoWritten,
        prometheusKey("written"),
        sameGrowth(alsoWritten),
      ),
      compare(
        "OTLPHandler → recorder",
        sent,
        exported,
        prometheusKey("diamond"),
        sameGrowth(exported),
      ),
    );
    const scraped: Stored = new Map();
    for (const [, name, labels, value] of shown.matchAll(/^(\w+)\{(.*)\} (\S+)$/gm)) {
      const pairs = labels.replaceAll('"', "").split(",").sort();
      put(scraped, `${name}{${pairs}}`, shownAt, Number(value));
    }
    rows.push(
      compare(
        "PrometheusHandler ← scraped (the last values)",
        sent.filter(({ timestamp }) => timestamp === shownAt),
        plainKeys(scraped, "diamond"),
        prometheusKey("diamond"),
        (found, point) => (isCounter(point) ? found !== undefined : isNear(found, point)),
      ),
    );

    console.log(`\n${table(rows)}\n`);
    ok(sent.length > SECONDS * 100, `${sent.length} points`);
    for (const { backend, sent: expected, equal: found, extra, example } of rows) {
      deepEqual([backend, found, extra, example], [backend, expected, 0, undefined]);
    }
    recorded.close();
    await behindStatsd.close();
    await Promise.all([
      ...[relay, statsd, victoria, influx, prometheus, lines, pickles, one, east, west, multi].map(
        (server) => server.stop(),
      ),
      ...[database, streams].map((server) => server.stop("SIGTERM")),
      columns.stop("SIGKILL"),
    ]);
  });
});
