/**
 * What a collector asks PostgreSQL: by group, the statement for a version of the server. Columns keep the
 * names of PostgreSQL 9.2, wherever the server has their values now.
 * Source: https://www.postgresql.org/docs/current/monitoring-stats.html
 */

export interface PostgresQuery {
  /** Ask each database, or the first one for all. */
  readonly asks: "each" | "first";
  /** What stands before a column's name: `{db}` is the database that was asked, others are columns. */
  readonly under: string;
  /** `version` as the server's number: 150004. Two columns `metric` and `value` are a name and its value. */
  sql(version: number): string;
}

const REAL = "datname NOT IN ('template0', 'template1', 'postgres', 'rdsadmin')";
const NOT_SYSTEM = "schemaname NOT IN ('pg_catalog', 'information_schema')";
/** Idle auxiliary processes are not connections. */
const clients = (version: number) =>
  version >= 100_000 ? "backend_type = 'client backend'" : "true";
const STATE =
  `CASE WHEN wait_event IS NOT NULL AND state = 'active' THEN 'waiting' WHEN state = 'idle' THEN 'idle'
    WHEN state = 'idle in transaction' THEN 'idletransaction' WHEN state = 'active' THEN 'active'
    ELSE 'unknown' END`;

function fixedQuery(asks: PostgresQuery["asks"], under: string, statement: string): PostgresQuery {
  return { asks, under, sql: () => statement };
}

export const DATABASES =
  `SELECT datname FROM pg_database WHERE datallowconn AND ${REAL} ORDER BY 1`;
export const BASIC_GROUPS = ["DatabaseStats", "DatabaseConnectionCount"];

export const postgresQueries: Readonly<Record<string, PostgresQuery>> = {
  DatabaseStats: fixedQuery(
    "first",
    "database.{datname}",
    `SELECT datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, tup_returned,
      tup_fetched, tup_inserted, tup_updated, tup_deleted, deadlocks, pg_database_size(datname) AS size
      FROM pg_stat_database WHERE ${REAL}`,
  ),
  DatabaseConnectionCount: fixedQuery(
    "first",
    "database.{datname}",
    "SELECT datname, count(datname) AS connections FROM pg_stat_activity GROUP BY datname",
  ),
  DatabaseReplicationStats: fixedQuery(
    "first",
    "database.replication",
    "SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp()) AS replay_lag",
  ),
  DatabaseXidAge: fixedQuery(
    "first",
    "{db}.datfrozenxid",
    "SELECT datname AS metric, age(datfrozenxid) AS value FROM pg_database WHERE datallowconn",
  ),
  UserFunctionStats: fixedQuery(
    "each",
    "{db}.functions.{funcname}",
    `SELECT funcname, calls, total_time / calls AS time_per_call
      FROM pg_stat_user_functions WHERE calls <> 0`,
  ),
  UserTableStats: fixedQuery(
    "each",
    "{db}.tables.{schemaname}.{relname}",
    `SELECT schemaname, relname, seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_tup_upd,
      n_tup_del, n_tup_hot_upd, n_live_tup, n_dead_tup FROM pg_stat_user_tables`,
  ),
  UserIndexStats: fixedQuery(
    "each",
    "{db}.indexes.{schemaname}.{relname}.{indexrelname}",
    `SELECT schemaname, relname, indexrelname, idx_scan, idx_tup_read, idx_tup_fetch
      FROM pg_stat_user_indexes`,
  ),
  UserTableIOStats: fixedQuery(
    "each",
    "{db}.tables.{schemaname}.{relname}",
    `SELECT schemaname, relname, heap_blks_read, heap_blks_hit, idx_blks_read, idx_blks_hit
      FROM pg_statio_user_tables`,
  ),
  UserIndexIOStats: fixedQuery(
    "each",
    "{db}.indexes.{schemaname}.{relname}.{indexrelname}",
    `SELECT schemaname, relname, indexrelname, idx_blks_read, idx_blks_hit
      FROM pg_statio_user_indexes`,
  ),
  ConnectionStateStats: {
    asks: "each",
    under: "{db}.connections",
    sql: (version) =>
      `SELECT s.state AS metric, count(a.pid) AS value
        FROM (VALUES ('active'), ('waiting'), ('idle'), ('idletransaction'), ('unknown')) AS s (state)
        LEFT JOIN (SELECT pid, ${STATE} AS state FROM pg_stat_activity
          WHERE pid <> pg_backend_pid() AND ${clients(version)}) AS a ON a.state = s.state
        GROUP BY s.state`,
  },
  LockStats: fixedQuery(
    "first",
    "{db}.locks",
    `SELECT lower(mode) AS metric, count(*) AS value FROM pg_locks
      WHERE database IS NOT NULL GROUP BY mode`,
  ),
  RelationSizeStats: fixedQuery(
    "each",
    "{db}.sizes.{schemaname}.{relname}",
    `SELECT schemaname, relname, relsize FROM (SELECT n.nspname AS schemaname, c.relname,
      pg_relation_size(c.oid) AS relsize FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.reltype <> 0 AND c.relkind <> 'S') AS sizes WHERE ${NOT_SYSTEM}`,
  ),
  BackgroundWriterStats: {
    asks: "first",
    under: "bgwriter",
    sql: (version) =>
      version < 170_000
        ? `SELECT checkpoints_timed, checkpoints_req, buffers_checkpoint, buffers_clean,
          maxwritten_clean, buffers_backend, buffers_alloc FROM pg_stat_bgwriter`
        : `SELECT c.num_timed AS checkpoints_timed, c.num_requested AS checkpoints_req,
          c.buffers_written AS buffers_checkpoint, b.buffers_clean, b.maxwritten_clean, b.buffers_alloc,
          (SELECT sum(writes) FROM pg_stat_io WHERE backend_type = 'client backend') AS buffers_backend
          FROM pg_stat_checkpointer c, pg_stat_bgwriter b`,
  },
  WalSegmentStats: {
    asks: "first",
    under: "wals",
    sql: (version) =>
      // The role pg_monitor may list this folder, and no other one.
      `SELECT count(*) AS segments FROM ${
        version >= 100_000 ? "pg_ls_waldir()" : "pg_ls_dir('pg_xlog')"
      }
        AS files (name) WHERE name ~ '^[0-9A-Z]{24}$'`,
  },
  TransactionCount: fixedQuery(
    "first",
    "transactions",
    "SELECT sum(xact_commit) AS commit, sum(xact_rollback) AS rollback FROM pg_stat_database",
  ),
  IdleInTransactions: fixedQuery(
    "each",
    // The name is Diamond's.
    "{db}.idle_in_tranactions",
    `SELECT max(floor(extract(epoch FROM now() - query_start))) AS idle_in_transactions
      FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()`,
  ),
  LongestRunningQueries: fixedQuery(
    "each",
    "{db}.longest_running",
    `SELECT coalesce(max(extract(epoch FROM now() - query_start)) FILTER (WHERE state <> 'idle'), 0) AS query,
      coalesce(max(extract(epoch FROM now() - xact_start)), 0) AS transaction
      FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  ),
  UserConnectionCount: {
    asks: "each",
    under: "{db}.user_connections",
    sql: (version) =>
      `SELECT usename AS metric, count(*) AS value FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND ${clients(version)} GROUP BY usename`,
  },
  TableScanStats: fixedQuery(
    "each",
    "{db}.scans",
    "SELECT sum(seq_scan) AS sequential, sum(idx_scan) AS index FROM pg_stat_user_tables",
  ),
  TupleAccessStats: fixedQuery(
    "each",
    "{db}.tuples",
    `SELECT sum(seq_tup_read) AS seqread, sum(idx_tup_fetch) AS idxfetch, sum(n_tup_ins) AS inserted,
      sum(n_tup_upd) AS updated, sum(n_tup_del) AS deleted, sum(n_tup_hot_upd) AS hotupdated
      FROM pg_stat_user_tables`,
  ),
};
