/** PostgreSQL 15 with one database of one table; `psql` says what it has. */

import { answers, type Daemon, figuresIn, prefixed, say } from "../daemon.ts";

const BIN = "/usr/lib/postgresql/15/bin";
const DATABASE = `numbackends xact_commit xact_rollback blks_read blks_hit tup_returned tup_fetched
  tup_inserted tup_updated tup_deleted deadlocks`.split(/\s+/);
const TABLE = `seq_scan seq_tup_read idx_scan idx_tup_fetch n_tup_ins n_tup_upd n_tup_del
  n_tup_hot_upd n_live_tup n_dead_tup`.split(/\s+/);
const WRITER =
  "checkpoints_timed checkpoints_req buffers_checkpoint buffers_clean maxwritten_clean";

export default {
  collector: "PostgresqlCollector",
  packages: { [`${BIN}/postgres`]: "postgresql-15", psql: "postgresql-client-15" },
  fast: true,

  async start({ folder, port }) {
    const data = `${folder}/data`;
    const as = (command: string) => say("su", ["postgres", "-s", "/bin/sh", "-c", command]);
    as(`${BIN}/initdb -D ${data} -A trust -U postgres`);
    const settings = `-p ${port} -h 127.0.0.1 -k ${folder}`;
    as(`${BIN}/pg_ctl -D ${data} -w -o '${settings}' -l ${data}/log start`);
    const login = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-At", "-F", "="];
    await answers("psql", [...login, "-c", "SELECT 1"]);
    const sql = (text: string, database = "postgres") =>
      say("psql", [...login, "-d", database, "-c", text]);
    sql("CREATE DATABASE app");
    sql("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)", "app");
    /** The columns of a view's first row. */
    const row = (columns: readonly string[], from: string) => {
      const pairs = columns.map((name) => `SELECT '${name}', ${name}::text FROM ${from}`);
      return figuresIn(sql(pairs.join(" UNION ALL "), "app"), /^(\w+)=(.+)$/gm);
    };
    return {
      version: sql("SHOW server_version").split(" ")[0].trim(),
      options: `host = 127.0.0.1\nport = ${port}\nextended = True\n`,
      client: () =>
        new Map([
          ...prefixed("database.app.", row(DATABASE, "pg_stat_database WHERE datname = 'app'")),
          ...prefixed("app.tables.public.t.", row(TABLE, "pg_stat_user_tables")),
          ...prefixed("bgwriter.", row(WRITER.split(" "), "pg_stat_bgwriter")),
          ["database.app.size", Number(sql("SELECT pg_database_size('app')"))],
          ["app.sizes.public.t.relsize", Number(sql("SELECT pg_relation_size('t')", "app"))],
        ]),
      // Every question is a transaction, which the next view counts.
      moves: Object.fromEntries(DATABASE.map((name) => [`database.app.${name}`, 0.5])),
      async stop() {
        as(`${BIN}/pg_ctl -D ${data} -m immediate stop`);
      },
    };
  },
} satisfies Daemon;
