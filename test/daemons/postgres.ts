/** PostgreSQL of any version, with one database of one table; Debian's `psql` says what it has. */

import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  answers,
  type Daemon,
  type Figures,
  figuresIn,
  type Place,
  prefixed,
  say,
  type Service,
} from "./daemon.ts";
import { npmFolder } from "./packages.ts";

const DATABASE = `numbackends xact_commit xact_rollback blks_read blks_hit tup_returned tup_fetched
  tup_inserted tup_updated tup_deleted deadlocks`.split(/\s+/);
const TABLE = `seq_scan seq_tup_read idx_scan idx_tup_fetch n_tup_ins n_tup_upd n_tup_del
  n_tup_hot_upd n_live_tup n_dead_tup`.split(/\s+/);
/** Diamond's names, as the columns are called until 16. */
const WRITER: Readonly<Record<string, string>> = {
  checkpoints_timed: "pg_stat_bgwriter",
  checkpoints_req: "pg_stat_bgwriter",
  buffers_checkpoint: "pg_stat_bgwriter",
  buffers_clean: "pg_stat_bgwriter",
  maxwritten_clean: "pg_stat_bgwriter",
  buffers_alloc: "pg_stat_bgwriter",
};
/** Where they are since 17. */
const MOVED: Readonly<Record<string, readonly [column: string, view: string]>> = {
  checkpoints_timed: ["num_timed", "pg_stat_checkpointer"],
  checkpoints_req: ["num_requested", "pg_stat_checkpointer"],
  buffers_checkpoint: ["buffers_written", "pg_stat_checkpointer"],
};

/** `bin`: the folder of its programs, which run with `libraries`. */
export async function postgres(
  { folder, port }: Place,
  bin: string,
  libraries = "",
): Promise<Service> {
  const data = `${folder}/data`;
  const as = (command: string) =>
    say("su", [
      "postgres",
      "-s",
      "/bin/sh",
      "-c",
      `LD_LIBRARY_PATH=${libraries} ${bin}/${command}`,
    ]);
  as(`initdb -D ${data} -A scram-sha-256 -U postgres --pwfile ${secretIn(folder)}`);
  as(`pg_ctl -D ${data} -w -o '-p ${port} -h 127.0.0.1 -k ${folder}' -l ${data}/log start`);
  const login = `postgresql://postgres:se%2Ccret@127.0.0.1:${port}`;
  const sql = (text: string, database = "postgres") =>
    say("psql", ["-At", "-F", "=", "-d", `${login}/${database}`, "-c", text]);
  await answers("psql", ["-d", `${login}/postgres`, "-c", "SELECT 1"]);
  sql("CREATE DATABASE app");
  sql("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)", "app");
  sql("CHECKPOINT; CREATE ROLE watcher LOGIN PASSWORD 'watch,it'; GRANT pg_monitor TO watcher");
  const version = sql("SHOW server_version").split(" ")[0].trim();
  const isNew = Number(version.split(".")[0]) >= 17;
  /** Columns of a view's first row. */
  const row = (columns: readonly string[], from: string): Figures => {
    const pairs = columns.map((name) => `SELECT '${name}', ${name}::text FROM ${from}`);
    return figuresIn(sql(pairs.join(" UNION ALL "), "app"), /^(\w+)=(.+)$/gm);
  };
  const writer = () =>
    new Map(
      Object.entries(WRITER).map(([name, view]) => {
        const [column, from] = isNew ? MOVED[name] ?? [name, view] : [name, view];
        return [name, Number(sql(`SELECT ${column} FROM ${from}`))];
      }),
    );
  return {
    version,
    options:
      `host = 127.0.0.1\nport = ${port}\nuser = watcher\npassword = "watch,it"\nextended = True\n`,
    client: () =>
      new Map([
        ...prefixed("database.app.", row(DATABASE, "pg_stat_database WHERE datname = 'app'")),
        ...prefixed("app.tables.public.t.", row(TABLE, "pg_stat_user_tables")),
        ...prefixed("bgwriter.", writer()),
        ["database.app.size", Number(sql("SELECT pg_database_size('app')"))],
        ["app.sizes.public.t.relsize", Number(sql("SELECT pg_relation_size('t')", "app"))],
      ]),
    // Every question is a transaction, which the next view counts.
    moves: Object.fromEntries(
      [...DATABASE.map((name) => `database.app.${name}`), "bgwriter.buffers_alloc"].map((
        name,
      ) => [name, 0.5]),
    ),
    async stop() {
      as(`pg_ctl -D ${data} -m immediate stop`);
    },
  };
}

/** One whose programs are a package of npm. */
export function postgresFrom(npm: string): Daemon {
  return {
    collector: "PostgresqlCollector",
    packages: { psql: "postgresql-client-15" },
    npm,
    start: (place) => postgres(place, ...installedFrom(npm)),
  };
}

/** Folders of programs and libraries of a package of npm; it lists the links that npm cannot pack. */
function installedFrom(npm: string): [bin: string, libraries: string] {
  const folder = npmFolder(npm);
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(folder, "native/pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    if (!existsSync(join(folder, target))) symlinkSync(join(folder, source), join(folder, target));
  }
  return [join(folder, "native/bin"), join(folder, "native/lib")];
}

function secretIn(folder: string): string {
  writeFileSync(`${folder}/secret`, "se,cret\n");
  return `${folder}/secret`;
}
