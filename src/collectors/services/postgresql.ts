/** Source: https://www.postgresql.org/docs/current/monitoring-stats.html */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { bool, choice, integer, secret, text, type Values, words } from "../../core/option.ts";
import { numberIn } from "../../formats/flatten.ts";
import {
  BASIC_GROUPS,
  DATABASES,
  postgresQueries,
  type PostgresQuery,
} from "../../formats/postgres_queries.ts";
import type { Host } from "../../ports/host.ts";
import type { SqlConnection, SqlRow } from "../../ports/sql.ts";
import { each } from "../../protocols/each.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  host: text("localhost", "Name or address of the server, or the folder of its socket"),
  port: integer(5432, "Its port", { min: 1, max: MAX_PORT }),
  dbname: text("postgres", "The database to log in to first"),
  user: text("postgres", "The user to log in as"),
  password: secret("postgres", "The user's password"),
  password_provider: choice("password", ["password", "pgpass"], "pgpass: send no password"),
  sslmode: choice("disable", ["disable", "require", "verify-full"], "How it is encrypted"),
  underscore: bool(false, "Publish a_b as a.b in names of databases"),
  extended: bool(false, "Ask everything"),
  metrics: words([], "The groups to ask, by name; empty: the basic ones, or all with extended"),
  pg_version: text("", "Without effect: the server says its version"),
  has_admin: bool(true, "Whether the user may list the server's files, which WalSegmentStats does"),
};

export default defineCollector({
  name: "PostgresqlCollector",
  doc: "Databases, tables, locks and connections of PostgreSQL, by groups of views",
  path: "postgres",
  sources: ["pg_stat_database", "pg_stat_activity", "pg_stat_user_tables", "pg_locks"],
  systems: everySystem,
  options,
  metrics: { "{group}.{name}": gauge("A column of the group's view", 0, { byte: "size relsize" }) },

  async collect({ host, options, emit, signal }) {
    const groups = groupsOf(options);
    await using first = await connect(host, options, options.dbname, signal);
    const [{ server_version_num: version }] = await first.query("SHOW server_version_num");
    const found = (await first.query(DATABASES)).map(({ datname }) => String(datname));
    const databases = found.length > 0 ? found : ["postgres"];
    await each(databases, String, async (database) => {
      const isFirst = database === databases[0];
      const asked = groups.filter((name) => isFirst || postgresQueries[name].asks === "each");
      if (asked.length === 0) return;
      await using connection = await connect(host, options, database, signal);
      // A group that this user may not ask, or this version does not have, costs the others nothing.
      await each(asked, String, async (name) => {
        const query = postgresQueries[name];
        for (const row of await connection.query(query.sql(Number(version)))) {
          for (const [group, metric, value] of valuesOf(query, row, database, options.underscore)) {
            emit("{group}.{name}", value, group, metric);
          }
        }
      });
    });
  },
});

function groupsOf({ metrics, extended, has_admin }: Values<typeof options>): string[] {
  const all = Object.keys(postgresQueries).filter((name) =>
    has_admin || name !== "WalSegmentStats"
  );
  const wanted = metrics.length > 0 ? metrics : extended ? all : BASIC_GROUPS;
  return wanted.filter((name) => Object.hasOwn(postgresQueries, name));
}

/** Columns that are names, not values. */
const NAMES = ["datname", "schemaname", "relname", "indexrelname", "funcname", "metric", "value"];

function* valuesOf(
  { under }: PostgresQuery,
  row: SqlRow,
  database: string,
  dots: boolean,
): Generator<[group: string, name: string, value: number]> {
  const dotted = (name: string) => dots ? name.replaceAll("_", ".") : name;
  const group = under.replace(/\{(\w+)\}/g, (_, key: string) => {
    if (key === "db") return dotted(database);
    const text = row[key] ?? "None";
    return key === "datname" ? dotted(text) : text;
  });
  const columns = Object.entries(row).filter(([name]) => !NAMES.includes(name));
  if ("metric" in row) columns.push([row.metric ?? "None", row.value]);
  for (const [name, text] of columns) {
    const value = numberIn(text);
    if (value !== undefined) yield [group, name, value];
  }
}

function connect(
  host: Host,
  { host: server, port, user, password, password_provider, sslmode }: Values<typeof options>,
  database: string,
  signal: AbortSignal,
): Promise<SqlConnection> {
  const socket = server.startsWith("/") ? server : "";
  return host.sql.connect("postgres", {
    host: server,
    port,
    socket,
    user,
    password: password_provider === "pgpass" ? "" : password,
    database,
    ...(sslmode !== "disable" && { tls: { verify: sslmode === "verify-full" } }),
  }, signal);
}
