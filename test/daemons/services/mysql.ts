/** MariaDB with a replication log; its own client asks for the same tables. */

import { freePort } from "../../harness/agent_process.ts";
import { mariadb } from "../../harness/mariadb.ts";
import { type Daemon, figuresIn, prefixed } from "../daemon.ts";

/** Of the values that stand for themselves; of all others only the growth is published. */
const GAUGES = `Innodb_buffer_pool_pages_data Innodb_buffer_pool_pages_dirty
  Innodb_buffer_pool_pages_free Innodb_buffer_pool_pages_misc Innodb_buffer_pool_pages_total
  Innodb_data_pending_reads Innodb_data_pending_writes Innodb_page_size
  Innodb_row_lock_current_waits Innodb_row_lock_time Innodb_row_lock_time_avg
  Innodb_row_lock_time_max Key_blocks_unused Max_used_connections Open_files Open_streams
  Open_table_definitions Open_tables Qcache_free_blocks Qcache_free_memory Qcache_queries_in_cache
  Qcache_total_blocks Slave_open_temp_tables Threads_cached Threads_connected
  Threads_running`.split(/\s+/);

export default {
  collector: "MySQLCollector",
  packages: { mariadbd: "mariadb-server", mariadb: "mariadb-client" },
  fast: true,

  async start({ folder }) {
    const port = await freePort();
    const server = await mariadb(folder, port, ["--log-bin", "--server-id=7"]);
    server.sql(
      `CREATE USER diamond@127.0.0.1 IDENTIFIED BY 'se,cret';
       GRANT PROCESS, REPLICATION CLIENT, BINLOG MONITOR ON *.* TO diamond@127.0.0.1`,
    );
    return {
      version: server.sql("SELECT VERSION()")[0][0].split("-")[0],
      options:
        `hosts = "diamond:se,cret@127.0.0.1:${port}/None/it",\nmaster = True\ninnodb = True\n`,
      client() {
        const rows = server.sql("SHOW GLOBAL STATUS").map((row) => row.join("=")).join("\n");
        const [[, , innodb]] = server.sql("SHOW ENGINE INNODB STATUS");
        const status = figuresIn(rows, /^(\w+)=(-?[\d.]+)$/gm);
        const found = new Map(GAUGES.map((name) => [name, status.get(name)!]));
        const lines = {
          trx_history_list_length: /History list length (\d+)/,
          bp_size: /Buffer pool size +(\d+)/,
        };
        for (const [name, line] of Object.entries(lines)) {
          found.set(`Innodb_${name}`, Number(line.exec(innodb)![1]));
        }
        return prefixed("it.", found);
      },
      gone: {
        "it.Innodb_sem_mutex_spin_waits": "10.11 has no such line",
        "it.Innodb_rows_inserted": "10.11 has no such line; Handler_write is in SHOW GLOBAL STATUS",
      },
      stop: () => server.stop("SIGTERM"),
    };
  },
} satisfies Daemon;
