/**
 * Where a replica's threads wait, by MySQL's performance schema: instruments by the names that they are
 * published under. Source: https://dev.mysql.com/doc/refman/8.4/en/performance-schema-instrument-naming.html
 */

export interface WaitingThread {
  readonly name: "slave_sql" | "slave_io";
  /** In `threads`; MySQL 8 has renamed them. */
  readonly threads: readonly string[];
  /** Names by instruments. A longer instrument comes before one that it begins with. */
  readonly waits: readonly (readonly [instrument: string, name: string])[];
}

export const WAITING_THREADS: readonly WaitingThread[] = [
  {
    name: "slave_sql",
    threads: ["thread/sql/slave_sql", "thread/sql/replica_sql"],
    waits: [
      ["wait/synch/cond/sql/MYSQL_RELAY_LOG::update_cond", "wait_for_update"],
      // MariaDB's name.
      ["wait/synch/cond/sql/MYSQL_RELAY_LOG::COND_relay_log_updated", "wait_for_update"],
      ["wait/io/file/innodb/innodb_data_file", "innodb_data_file"],
      ["wait/io/file/innodb/innodb_log_file", "innodb_log_file"],
      ["wait/io/file/myisam/dfile", "myisam_dfile"],
      ["wait/io/file/myisam/kfile", "myisam_kfile"],
      ["wait/io/file/sql/binlog", "binlog"],
      ["wait/io/file/sql/relay_log_info", "relaylog_info"],
      ["wait/io/file/sql/relaylog", "relaylog"],
      ["wait/synch/mutex/innodb", "innodb_mutex"],
      ["wait/synch/mutex", "other_mutex"],
      ["wait/synch/rwlock", "rwlocks"],
      ["wait/io", "other_io"],
    ],
  },
  {
    name: "slave_io",
    threads: ["thread/sql/slave_io", "thread/sql/replica_io"],
    waits: [
      ["wait/io/file/sql/relaylog_index", "relaylog_index"],
      ["wait/synch/mutex/sql/MYSQL_RELAY_LOG::LOCK_index", "relaylog_index_lock"],
      ["wait/synch/mutex/sql/Master_info::data_lock", "master_info_lock"],
      ["wait/synch/mutex/mysys/IO_CACHE::append_buffer_lock", "append_buffer_lock"],
      ["wait/synch/mutex/sql/LOG::LOCK_log", "log_lock"],
      ["wait/io/file/sql/master_info", "master_info"],
      ["wait/io/file/sql/relaylog", "relaylog"],
      ["wait/synch/mutex", "other_mutex"],
      ["wait/synch/rwlock", "rwlocks"],
      ["wait/io", "other_io"],
    ],
  },
];
