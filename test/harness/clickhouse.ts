/** A real ClickHouse of Debian's package. */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { endWithTests, freePort, until } from "./agent_process.ts";

const PROGRAM = "/usr/sbin/clickhouse-server";
export const noClickhouse = existsSync(PROGRAM) ? false : "clickhouse-server is not installed";

export interface ClickhouseServer {
  readonly port: number;
  stop(signal: NodeJS.Signals): Promise<void>;
  /** Does not wait for what it does: SIGSTOP, SIGCONT. */
  send(signal: NodeJS.Signals): void;
  /** The rows of an answer, as objects. Throws what the server says. */
  sql<T>(query: string): Promise<T[]>;
  /** Of a table of metrics, by path and time. */
  rows(table: string): Promise<Row[]>;
}

export interface Row {
  readonly Path: string;
  readonly Value: number;
  readonly Time: number;
  readonly Date: string;
}

/** Runs what `schema clickhouse` prints, but for the setting that Debian's version does not know. */
export async function makeTable({ sql }: ClickhouseServer, schema: string): Promise<void> {
  const known = schema.replace(/\nSETTINGS .*;/, ";").replace(/^--.*\n/gm, "");
  for (const statement of known.split(";\n").filter((text) => text !== "")) await sql(statement);
}

/** While the server merges of its own accord, asking for it does nothing. */
export async function untilMerged({ sql }: ClickhouseServer, table: string): Promise<void> {
  const parts =
    `SELECT name FROM system.parts WHERE active AND table = '${table}' FORMAT JSONEachRow`;
  await until("all parts are merged", async () => {
    await sql(`OPTIMIZE TABLE ${table} FINAL`);
    return (await sql(parts)).length === 1;
  });
}

/** The password of the user `me`. */
export const CLICKHOUSE_PASSWORD = "clickhouse-right";

/** With its files in a folder of the test; the same folder can be started again. */
export async function clickhouse(base: string, port: number): Promise<ClickhouseServer> {
  mkdirSync(base, { recursive: true });
  const config = join(base, "config.xml");
  const user = (name: string, password: string) =>
    `<${name}><password>${password}</password><networks><ip>::/0</ip></networks>` +
    `<profile>default</profile><quota>default</quota></${name}>`;
  writeFileSync(
    config,
    `<yandex>
<logger><level>warning</level><console>1</console></logger>
<http_port>${port}</http_port>
<tcp_port>${await freePort()}</tcp_port>
<listen_host>127.0.0.1</listen_host>
<path>${base}/data/</path>
<tmp_path>${base}/tmp/</tmp_path>
<users_config>${base}/users.xml</users_config>
<default_profile>default</default_profile>
<default_database>default</default_database>
<mark_cache_size>5368709</mark_cache_size>
<graphite_rollup><default>
<function>any</function><retention><age>0</age><precision>1</precision></retention>
</default></graphite_rollup>
</yandex>
`,
  );
  writeFileSync(
    join(base, "users.xml"),
    `<yandex>
<profiles><default><max_memory_usage>500000000</max_memory_usage></default></profiles>
<users>${user("default", "")}${user("me", CLICKHOUSE_PASSWORD)}</users>
<quotas><default></default></quotas>
</yandex>
`,
  );
  const child = spawn(PROGRAM, [`--config-file=${config}`], { stdio: "ignore" });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  const url = `http://127.0.0.1:${port}/`;
  await until("ClickHouse answers", () => fetch(url).then(({ ok }) => ok, () => false), 30);
  const sql = async <T>(query: string): Promise<T[]> => {
    const answer = await fetch(url, { method: "POST", body: query });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  };
  return {
    port,
    sql,
    rows: (table) => sql(`SELECT * FROM ${table} ORDER BY Path, Time FORMAT JSONEachRow`),
    // Deno's child.kill works once.
    send: (signal) => void process.kill(child.pid!, signal),
    async stop(signal) {
      process.kill(child.pid!, signal);
      await ended;
    },
  };
}
