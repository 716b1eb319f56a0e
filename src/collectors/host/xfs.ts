/** Source: https://docs.kernel.org/admin-guide/xfs.html and fs/xfs/xfs_stats.h */

import { counter, defineCollector } from "../../core/collector.ts";
import { wordsOf } from "../../core/words.ts";
import { readRow } from "../../formats/counter_rows.ts";

const BTREE = wordsOf(`
  lookup compare insrec delrec newroot killroot increment decrement lshift rshift split join alloc
  free moves
`);
const btree = (prefix: string) => BTREE.map((field) => prefix + field);

/** By what a line begins with. */
const LINES: ReadonlyMap<string, readonly string[]> = new Map([
  ["extent_alloc", wordsOf("alloc_extent alloc_block free_extent free_block")],
  ["abt", wordsOf("lookup compare insrec delrec")],
  ["blk_map", wordsOf("read_ops write_ops unmap add_exlist del_exlist look_exlist cmp_exlist")],
  ["bmbt", wordsOf("lookup compare insrec delrec")],
  ["dir", wordsOf("lookup create remove getdents")],
  ["trans", wordsOf("sync async empty")],
  ["ig", wordsOf("ig_attempts ig_found ig_frecycle ig_missed ig_dup ig_reclaims ig_attrchg")],
  ["log", wordsOf("writes blocks noiclogs force force_sleep")],
  [
    "push_ail",
    wordsOf(`
      try_logspace sleep_logspace pushes success pushbuf pinned locked flushing restarts flush
    `),
  ],
  ["xstrat", wordsOf("quick split")],
  ["rw", wordsOf("write_calls read_calls")],
  ["attr", wordsOf("get set remove list")],
  ["icluster", wordsOf("iflush_count icluster_flushcnt icluster_flushinode")],
  [
    "vnodes",
    wordsOf("vn_active vn_alloc vn_get vn_hold vn_rele vn_reclaim vn_remove vn_free"),
  ],
  [
    "buf",
    wordsOf(`
      xb_get xb_create xb_get_locked xb_get_locked_waited xb_busy_locked xb_miss_locked
      xb_page_retries xb_page_found xb_get_read
    `),
  ],
  ["abtb2", btree("xs_abtb_2_")],
  ["abtc2", btree("xs_abtc_2_")],
  ["bmbt2", btree("xs_bmbt_2_")],
  ["ibt2", BTREE],
  ["fibt2", BTREE],
  ["qm", wordsOf("xs_qm_dquot xs_qm_dquot_unused")],
  ["xpc", wordsOf("xs_xstrat_bytes xs_write_bytes xs_read_bytes")],
  ["debug", ["debug"]],
]);

export default defineCollector({
  name: "XFSCollector",
  doc: "What XFS file systems do, all together: extents, directories, log, buffers, B-trees",
  path: "xfs",
  sources: ["/proc/fs/xfs/stat"],
  options: {},
  metrics: {
    "{line}.{field}": counter("A field of a line; xpc: bytes", 0, {
      rare: true,
      sinceBoot: true,
      unit: { "byte/s": "*_bytes" },
    }),
  },

  collect({ host, emit, skipLine }) {
    const lines = host.fs.read("/proc/fs/xfs/stat");
    while (lines.nextLine()) {
      const key = lines.word();
      const names = LINES.get(key);
      // Newer kernels have more lines: rmapbt, refcntbt, defer_relog.
      if (names === undefined) continue;
      const use = (name: string, value: number | bigint) =>
        emit("{line}.{field}", value, key, name);
      if (!readRow(lines, names, use)) skipLine(lines);
    }
  },
});
