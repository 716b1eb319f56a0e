/** Source: https://dev.mysql.com/doc/refman/8.4/en/server-status-variables.html */

import { type Context, defineCollector, everySystem, gauge, rate } from "../../core/collector.ts";
import { badData, codeOf, noData } from "../../core/errors.ts";
import { bool, integer, list, secret, text, type Values, words } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { numberIn } from "../../formats/flatten.ts";
import { innodbValues } from "../../formats/innodb_status.ts";
import type { SqlConnection, SqlRow } from "../../ports/sql.ts";
import { each } from "../../protocols/each.ts";
import { type MysqlServer, mysqlServerOf } from "../../protocols/mysql_servers.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  hosts: list([], "Servers: user:password@host[:port]/database[/alias]; database None: none"),
  host: text("", "Name or address of one more server"),
  port: integer(3306, "Its port", { min: 1, max: MAX_PORT }),
  user: text("", "The user to log in as there"),
  passwd: secret("", "The user's password"),
  db: text("", "The database there"),
  publish: words([], "The values to publish, by name; empty: all"),
  slave: bool(false, "Publish SHOW REPLICA STATUS, with the columns' old names"),
  master: bool(false, "Publish SHOW BINARY LOG STATUS"),
  innodb: bool(false, "Publish SHOW ENGINE INNODB STATUS"),
};
const metrics = {
  "{server}.{gauge}": gauge("A value that stands for itself: connections, pages, threads", 0, {
    byte: "*_memory *_alloc *_bytes_per_read",
    s: "Seconds_*",
  }),
  "{server}.{rate}": rate("Everything else, by its growth", 0, {
    unit: { "byte/s": "Bytes_* Innodb_data_read Innodb_data_written *_log_written *_Log_Space" },
  }),
};
type Mysql = Context<typeof options, typeof metrics>;

const LEFT_OUT = wordsOf(
  "Master_Port Master_Server_Id Last_Errno Last_IO_Errno Last_SQL_Errno",
);
const GAUGES = wordsOf(`
  Innodb_buffer_pool_pages_data Innodb_buffer_pool_pages_dirty Innodb_buffer_pool_pages_free
  Innodb_buffer_pool_pages_misc Innodb_buffer_pool_pages_total Innodb_data_pending_fsyncs
  Innodb_data_pending_reads Innodb_data_pending_writes Innodb_os_log_pending_fsyncs
  Innodb_os_log_pending_writes Innodb_page_size Innodb_row_lock_current_waits Innodb_row_lock_time
  Innodb_row_lock_time_avg Innodb_row_lock_time_max Key_blocks_unused Last_query_cost
  Max_used_connections Open_files Open_streams Open_table_definitions Open_tables Qcache_free_blocks
  Qcache_free_memory Qcache_queries_in_cache Qcache_total_blocks Seconds_Behind_Master
  Slave_open_temp_tables Threads_cached Threads_connected Threads_created Threads_running
`);

export default defineCollector({
  name: "MySQLCollector",
  doc: "Status, replication and InnoDB of MySQL and MariaDB",
  path: "mysql",
  sources: ["SHOW GLOBAL STATUS", "SHOW REPLICA STATUS", "SHOW ENGINE INNODB STATUS"],
  gone: {
    "MariaDB 10.11, or earlier":
      "Innodb_* of the insert buffer, hash index, semaphores, log and row operations",
  },
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options, signal } = context;
    await each(serversOf(options), ({ host, port }) => `${host}:${port}`, async (server) => {
      await using connection = await host.sql.connect("mysql", { ...server, socket: "" }, signal);
      const status = await connection.query("SHOW GLOBAL STATUS");
      for (const { Variable_name: name, Value: value } of status) {
        emitValue(context, server.alias, String(name), value);
      }
      if (options.master) await emitColumns(context, server.alias, connection, MASTER);
      if (options.slave) await emitColumns(context, server.alias, connection, SLAVE);
      if (options.innodb) await emitInnodb(context, server.alias, connection);
    });
  },
});

/** Since 8.4 only the new statements are known, before 8.0.22 only the old ones. */
const MASTER = ["SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"];
const SLAVE = ["SHOW SLAVE STATUS", "SHOW REPLICA STATUS"];

/** One row, whose columns are the values. */
async function emitColumns(
  context: Mysql,
  alias: string,
  connection: SqlConnection,
  [old, now]: readonly string[],
): Promise<void> {
  let rows: readonly SqlRow[];
  try {
    rows = await connection.query(old);
  } catch (error) {
    if (codeOf(error) !== "bad-data") throw error;
    rows = await connection.query(now);
  }
  for (const [name, value] of Object.entries(rows[0] ?? {})) {
    emitValue(context, alias, oldName(name), value);
  }
}

/** `Seconds_Behind_Source` as `Seconds_Behind_Master`. */
function oldName(column: string): string {
  return column.replace("Source", "Master").replace("Replica", "Slave");
}

async function emitInnodb(context: Mysql, alias: string, connection: SqlConnection): Promise<void> {
  const { emit, host: { clock } } = context;
  const started = clock.monotonic();
  const [row] = await connection.query("SHOW ENGINE INNODB STATUS");
  if (row?.Status === undefined) throw badData("SHOW ENGINE INNODB STATUS has no text");
  for (const { name, value, isGauge } of innodbValues(row.Status ?? "")) {
    const full = `Innodb_${name}`;
    if (!isWanted(context.options, full)) continue;
    if (isGauge) emit("{server}.{gauge}", value, alias, full);
    else emit("{server}.{rate}", value, alias, full);
  }
  const seconds = (clock.monotonic() - started) / 1000;
  emit("{server}.{gauge}", seconds, alias, "Innodb_status_process_time");
}

function emitValue(
  { emit, options }: Mysql,
  alias: string,
  name: string,
  text: string | null,
): void {
  const value = numberIn(text);
  if (value === undefined || LEFT_OUT.includes(name) || !isWanted(options, name)) return;
  if (GAUGES.includes(name)) emit("{server}.{gauge}", value, alias, name);
  else emit("{server}.{rate}", value, alias, name);
}

function isWanted({ publish }: Values<typeof options>, name: string): boolean {
  return publish.length === 0 || publish.includes(name);
}

function serversOf(values: Values<typeof options>): MysqlServer[] {
  const { hosts, host, port, user, passwd, db } = values;
  const all = hosts.map(mysqlServerOf);
  if (host !== "") all.push({ alias: "", host, port, user, password: passwd, database: db });
  if (all.length === 0) throw noData("hosts is empty: there is no server to ask");
  return all;
}
