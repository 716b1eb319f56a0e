/** Real databases of Debian's packages, each on free ports, with its files in a folder of the test. */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endWithTests, freePort, until } from "./agent_process.ts";

export const noDatabases = existsSync("/usr/bin/victoria-metrics") && existsSync("/usr/bin/influxd")
  ? false
  : "victoria-metrics and influxdb are not installed";

export interface Server {
  readonly port: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

async function startServer(
  program: string,
  args: readonly string[],
  port: number,
  ready: string,
): Promise<Server> {
  const child = spawn(program, args, { stdio: "ignore", env: {} });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  await until(
    `${program} answers`,
    () => fetch(`http://127.0.0.1:${port}${ready}`).then(({ ok }) => ok, () => false),
    30,
  );
  return {
    port,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** Path-like name with labels → timestamp → value. */
export type Stored = Map<string, Map<number, number>>;

export interface VictoriaMetrics extends Server {
  readonly opentsdbPort: number;
  readonly telnetPort: number;
  /** Everything that is stored. */
  stored(): Promise<Stored>;
}

/** `at`: where one listened that is started again. */
export async function startVictoriaMetrics(
  directory: string,
  at?: VictoriaMetrics,
): Promise<VictoriaMetrics> {
  const { port, opentsdbPort, telnetPort } = at ?? {
    port: await freePort(),
    opentsdbPort: await freePort(),
    telnetPort: await freePort(),
  };
  const server = await startServer(
    "/usr/bin/victoria-metrics",
    [
      `-storageDataPath=${join(directory, "victoria")}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      `-opentsdbHTTPListenAddr=127.0.0.1:${opentsdbPort}`,
      `-opentsdbListenAddr=127.0.0.1:${telnetPort}`,
      "-retentionPeriod=100y",
    ],
    port,
    "/health",
  );
  return {
    ...server,
    opentsdbPort,
    telnetPort,
    async stored() {
      const base = `http://127.0.0.1:${port}`;
      await fetch(`${base}/internal/force_flush`);
      const answer = await fetch(`${base}/api/v1/export?match[]={__name__!=""}`);
      const found: Stored = new Map();
      for (const line of (await answer.text()).split("\n").filter((text) => text !== "")) {
        const { metric, values, timestamps } = JSON.parse(line);
        const points = timestamps.map((ms: number, index: number) => [ms / 1000, values[index]]);
        found.set(keyOf(metric), new Map(points));
      }
      return found;
    },
  };
}

export interface Prometheus extends Server {
  /** As VictoriaMetrics'. */
  stored(): Promise<Stored>;
}

/** Takes remote writes, also late ones. `at`: where one listened that is started again. */
export async function startPrometheus(directory: string, at?: Server): Promise<Prometheus> {
  const port = at?.port ?? await freePort();
  mkdirSync(directory, { recursive: true });
  const config = join(directory, "prometheus.yml");
  writeFileSync(config, "{}\n");
  const server = await startServer(
    "/usr/bin/prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-remote-write-receiver",
    ],
    port,
    "/-/ready",
  );
  return {
    ...server,
    async stored() {
      const query = encodeURIComponent('{__name__!=""}[1h]');
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${query}`);
      const { data } = await answer.json() as {
        data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
      };
      return new Map(data.result.map(({ metric, values }) => [
        keyOf(metric),
        new Map(values.map(([time, value]) => [time, Number(value)])),
      ]));
    },
  };
}

/** `name{label=text,…}`, labels sorted. */
function keyOf({ __name__, ...labels }: Record<string, string>): string {
  return `${__name__}{${Object.entries(labels).map(([label, text]) => `${label}=${text}`).sort()}}`;
}

export interface InfluxDb extends Server {
  /** `measurement field host` → timestamp → value. */
  stored(database: string): Promise<Stored>;
}

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly values: readonly (readonly [number, ...(number | null)[]])[];
}

export async function startInfluxDb(
  directory: string,
  database: string,
  at?: Server,
): Promise<InfluxDb> {
  const [port, rpc] = [at?.port ?? await freePort(), await freePort()];
  const folder = join(directory, "influx");
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "influxdb.conf");
  writeFileSync(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
dir = "${folder}/meta"
[data]
dir = "${folder}/data"
wal-dir = "${folder}/wal"
[http]
bind-address = "127.0.0.1:${port}"
[monitor]
store-enabled = false
`,
  );
  const server = await startServer("/usr/bin/influxd", ["run", "-config", config], port, "/ping");
  const query = async (text: string) => {
    const url = `http://127.0.0.1:${port}/query?epoch=s&db=${database}&q=${
      encodeURIComponent(text)
    }`;
    const answer = await fetch(url, { method: "POST" });
    return await answer.json() as { results: { series?: Table[] }[] };
  };
  await query(`CREATE DATABASE ${database}`);
  return {
    ...server,
    async stored() {
      const { results } = await query("SELECT * FROM /.*/");
      const found: Stored = new Map();
      for (const { name, columns, values } of results[0].series ?? []) {
        const host = columns.indexOf("host");
        for (const row of values) {
          for (const [index, column] of columns.entries()) {
            if (index === host || column === "time" || row[index] === null) continue;
            const key = `${name} ${column} ${row[host]}`;
            const points = found.get(key) ?? new Map<number, number>();
            points.set(row[0], row[index]);
            found.set(key, points);
          }
        }
      }
      return found;
    },
  };
}
