/**
 * Figures in the text of SHOW ENGINE INNODB STATUS. Each line goes to the first pattern that fits it from its
 * beginning, and each pattern takes one line.
 * Source: https://dev.mysql.com/doc/refman/8.0/en/innodb-standard-monitor.html
 */

/**
 * Patterns of the lines. N is a number that is published, n one that is not; a blank matches any blanks. `*` after
 * a name marks a gauge.
 */
const LINES = `
Total memory allocated N; in additional pool allocated N | bp_total_alloc* bp_add_alloc*
Total large memory allocated N | bp_total_alloc*
N reads/s, N creates/s, N writes/s | bp_reads_per_sec* bp_created_per_sec* bp_written_per_sec*
ibuf aio reads: N, log i/o's: N, sync i/o's: N | io_ibuf_reads* io_ibuf_logs* io_ibuf_syncs*
N pending log writes, N pending chkp writes | log_pending_log_writes* log_pending_checkpoint_writes*
N pending log flushes, N pending chkp writes | log_pending_log_writes* log_pending_checkpoint_writes*
N hash searches/s, N non-hash searches/s | hash_searches_per_sec* non_hash_searches_per_sec*
N queries inside InnoDB, N queries in queue | row_queries_inside* row_queries_queue*
N lock struct(s), heap size n, n row lock(s) | trx_total_lock_structs*
N log i/o's done, N log i/o's/second | log_io_total log_io_per_sec*
N OS file reads, N OS file writes, N OS fsyncs | io_os_file_reads io_os_file_writes io_os_file_fsyncs
N inserts/s, N updates/s, N deletes/s, N reads/s | rows_inserted_per_sec* rows_updated_per_sec* rows_deleted_per_sec* rows_read_per_sec*
N reads/s, N avg bytes/read, N writes/s, N fsyncs/s | reads_per_sec* bytes_per_read* io_syncs_per_sec* writes_per_sec*
N youngs/s, N non-youngs/s | bp_pages_young_per_sec* bp_pages_not_young_per_sec*
Buffer pool hit rate N / n, young-making rate N / n not N / n | bp_hit_rate* bp_young_hit_rate* bp_not_young_hit_rate*
Buffer pool size N | bp_size*
Database pages N | bp_db_pages*
Dictionary memory allocated N | bp_dictionary_alloc*
Free buffers N | bp_free_buffers*
Modified db pages N | bp_modified_pages*
Old database pages N | bp_old_db_pages*
Hash table size N, node heap has N buffer(s) | hash_table_size* hash_node_heap*
History list length N | trx_history_list_length*
I/O sum[N]:cur[N], unzip sum[N]:cur[N] | bp_io_sum_pages* bp_io_cur_pages* bp_io_unzip_sum_pages* bp_io_unzip_cur_pages*
Ibuf: size N, free list len N, seg size N, N merges | ibuf_size* ibuf_free_list_len* ibuf_seg_size* ibuf_merges
LRU len: N, unzip_LRU len: N | bp_lru_len* bp_unzip_lru_len*
Mutex spin waits N, rounds N, OS waits N | sem_mutex_spin_waits sem_mutex_rounds sem_mutex_os_waits
RW-shared spins N, rounds N, OS waits N | sem_shared_spins sem_shared_rounds sem_shared_os_waits
RW-excl spins N, rounds N, OS waits N | sem_rw_excl_spins sem_rw_excl_rounds sem_rw_excl_os_waits
Spin rounds per wait: N mutex, N RW-shared, N RW-excl | sem_spins_per_wait_mutex* sem_spins_per_wait_rw_shared* sem_spins_per_wait_rw_excl*
OS WAIT ARRAY INFO: reservation count N, signal count N | sem_os_reservation_count sem_os_signal_count
Number of rows inserted N, updated N, deleted N, read N | rows_inserted rows_updated rows_deleted rows_read
Pages made young N, not young N | bp_pages_young bp_pages_not_young
Pages read N, created N, written N | bp_pages_read bp_pages_created bp_pages_written
Pages read ahead N/s, evicted without access N/s, Random read ahead N/s | bp_pages_read_ahead_per_sec* bp_pages_evicted_no_access_per_sec* status_bp_pages_random_read_ahead
Pending flushes (fsync) log: N; buffer pool: N | io_pending_flush_log* io_pending_flush_bp*
Pending normal aio reads: N [n, n, n, n] , aio writes: N [n, n, n, n] | io_pending_reads* io_pending_writes*
Pending normal aio reads: N, aio writes: N | io_pending_reads* io_pending_writes*
Pending writes: LRU N, flush list N, single page N | bp_pending_writes_lru* bp_pending_writes_flush_list* bp_pending_writes_single_page*
Pending writes: LRU N, flush list N | bp_pending_writes_lru* bp_pending_writes_flush_list*
Per second averages calculated from the last N seconds | per_sec_avg*
srv_master_thread log flush and writes: N | main_thd_log_flush_writes
srv_master_thread loops: N 1_second, N sleeps, N 10_second, N background, N flush | main_thd_loops_one_sec main_thd_loops_sleeps main_thd_loops_ten_sec main_thd_loops_background main_thd_loops_flush
N inserts, N merged recs, N merges | ibuf_inserts ibuf_merged_recs ibuf_merges
`;

interface LinePattern {
  readonly form: RegExp;
  readonly names: readonly string[];
}

const patterns: readonly LinePattern[] = LINES.trim().split("\n").map((line) => {
  const [form, names] = line.split(" | ");
  const source = form.split(/\b([Nn])\b/).map((part, at) => {
    if (at % 2 === 1) return part === "N" ? "(\\d+(?:\\.\\d+)?)" : "\\d+(?:\\.\\d+)?";
    return part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&").replace(/\s+/g, "\\s+");
  }).join("");
  return { form: new RegExp(`^\\s*${source}`), names: names.split(" ") };
});

interface InnodbValue {
  /** Without `Innodb_`. */
  readonly name: string;
  readonly value: number;
  readonly isGauge: boolean;
}

export function* innodbValues(status: string): Generator<InnodbValue> {
  const open = new Set(patterns);
  for (const line of status.split("\n")) {
    for (const pattern of open) {
      const match = pattern.form.exec(line);
      if (match === null) continue;
      open.delete(pattern);
      for (const [at, name] of pattern.names.entries()) {
        yield {
          name: name.replace("*", ""),
          value: Number(match[at + 1]),
          isGauge: name.endsWith("*"),
        };
      }
      break;
    }
  }
}
