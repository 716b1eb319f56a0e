/** What ClickHouse is sent, and what it answers. Source: https://clickhouse.com/docs/interfaces/http */

import type { Metric } from "../core/metric.ts";

export interface ClickhouseTable {
  readonly database: string;
  readonly table: string;
}

/** The columns of graphite-clickhouse's table, in the order of `rowsOf`. */
const COLUMNS = "Path, Value, Time, Date, Timestamp";
const DAY_MS = 86_400_000;

export function insertQuery(table: ClickhouseTable): string {
  return `INSERT INTO ${tableName(table)} (${COLUMNS}) FORMAT TabSeparated`;
}

/** `now`: seconds since the epoch. Of several rows for one path and time the table keeps the one that was sent last. */
export function rowsOf(batch: readonly Metric[], now: number): string {
  let day = { number: NaN, text: "" };
  const rows = batch.map(({ series, value, timestamp }) => {
    const number = Math.floor(timestamp * 1000 / DAY_MS);
    if (number !== day.number) day = { number, text: dateText(number) };
    return `${escaped(series.path)}\t${value}\t${timestamp}\t${day.text}\t${now}\n`;
  });
  return rows.join("");
}

/** In UTC. */
function dateText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n" };

function escaped(text: string): string {
  return /[\\\t\n]/.test(text) ? text.replace(/[\\\t\n]/g, (sign) => ESCAPES[sign]) : text;
}

function tableName({ database, table }: ClickhouseTable): string {
  return [database, table].map((name) => `\`${name.replace(/[\\`]/g, "\\$&")}\``).join(".");
}

/**
 * The code of an exception; undefined where there is none. An answer that began as a good one may end with one.
 * Source: https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
 */
export function exceptionCode(
  { headers, body }: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  },
): number | undefined {
  const [, code] = /\bCode: (\d+)[.,][^]*DB::/.exec(body) ?? [];
  const found = Number(headers["x-clickhouse-exception-code"] ?? code);
  return found > 0 ? found : undefined;
}

/** It cannot read a value, or the table does not take it. */
const ABOUT_VALUES = [6, 25, 26, 27, 32, 33, 38, 41, 69, 70, 72, 117, 131, 321, 407, 469];
const UNKNOWN_SETTING = 115;
const SETTING_IS_FIXED = 452;

export function isAboutValues(code: number): boolean {
  return ABOUT_VALUES.includes(code);
}

/** Which of these settings the server does not know, or does not let this user set. */
export function refusedSetting(
  code: number | undefined,
  body: string,
  settings: readonly string[],
): string | undefined {
  if (code !== UNKNOWN_SETTING && code !== SETTING_IS_FIXED) return undefined;
  return settings.find((setting) => body.includes(setting));
}

/** What to do about an exception; "" where waiting is all. */
export function todoFor(code: number, { database, table }: ClickhouseTable, user: string): string {
  const [, todo = ""] = TODO.find(([codes]) => codes.includes(code)) ?? [];
  return todo.replace("TABLE", `${database}.${table}`).replace("USER", user);
}

const TODO: readonly (readonly [readonly number[], string])[] = [
  [[16, 60], "`diamond-agent schema clickhouse` prints the table that it has to be"],
  [[81], "`diamond-agent schema clickhouse` prints what makes the database and the table"],
  [[192, 193, 194, 516], "look at username and password"],
  [[497], "GRANT INSERT ON TABLE TO USER"],
  [
    [252],
    "the table merges its parts too slowly: see its disk, or send less often (interval, batch)",
  ],
  [[164, 242], "the server or the user may only read"],
];

/** Rows of the same path and time become one when parts are merged. What was inserted last is known by its token. */
export function clickhouseSchema({ database, table }: ClickhouseTable): string {
  return `-- Without <graphite_rollup> in the server's configuration: ENGINE = ReplacingMergeTree(Timestamp).
-- For a server that does not know the setting: without the line SETTINGS.
CREATE DATABASE IF NOT EXISTS \`${database}\`;
CREATE TABLE IF NOT EXISTS ${tableName({ database, table })} (
  Path String,
  Value Float64,
  Time UInt32,
  Date Date,
  Timestamp UInt32
)
ENGINE = GraphiteMergeTree('graphite_rollup')
PARTITION BY toYYYYMM(Date)
ORDER BY (Path, Time)
SETTINGS non_replicated_deduplication_window = 1000;
`;
}
