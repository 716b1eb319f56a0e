/** Source: /proc/net/rpc/nfs, in the order of include/linux/nfs4.h; nfsstat(8) reads the same. */

import { defineCollector, rate } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { wordsOf } from "../../core/words.ts";
import { readRow } from "../../formats/counter_rows.ts";
import { NFS_2, NFS_3 } from "../../formats/nfs_operations.ts";

const V4_FIRST = wordsOf(`
  null read write commit open open_conf open_noat open_dgrd close setattr fsinfo renew setclntid
  confirm lock lockt locku access getattr lookup lookup_root remove rename link symlink create
  pathconf statfs readlink readdir server_caps delegreturn getacl setacl fs_locations rel_lkowner
`);
/** Before Linux 3.0. */
const V4_OLD = wordsOf(`
  exchange_id create_ses destroy_ses sequence get_lease_t reclaim_comp layoutget layoutcommit
  layoutreturn getdevlist getdevinfo ds_write ds_commit
`);
const V4_NEW = wordsOf(`
  exchange_id create_ses destroy_ses sequence get_lease_t reclaim_comp layoutget getdevinfo
  layoutcommit layoutreturn secinfo_no test_stateid free_stateid getdevlist bind_conn_to_ses
  destroy_clid seek allocate deallocate layoutstats clone copy offload_cancel lookupp layouterror
  copy_notify getxattr setxattr listxattrs removexattr read_plus
`);
/** Numbers in a line of version 4: the last that is in the old order, and the first with fsid_present. */
const MAX_OLD = 49;
const MIN_FSID_PRESENT = 54;

const metrics = {
  "net.{field}": rate("Packets and connections", 3),
  "rpc.{field}": rate("Calls, retransmissions and refreshed credentials", 3),
  "v2.{operation}": rate("Calls of an operation of NFS 2", 3),
  "v3.{operation}": rate("Calls of an operation of NFS 3", 3),
  "v4.{operation}": rate("Calls of an operation of NFS 4, 4.1 and 4.2", 3),
};

export default defineCollector({
  name: "NfsCollector",
  doc: "Calls of this host's NFS client, by version and operation",
  path: "nfs",
  sources: ["/proc/net/rpc/nfs"],
  options: {},
  metrics,

  collect({ host, emit, skipLine }) {
    const lines = host.fs.read("/proc/net/rpc/nfs");
    while (lines.nextLine()) {
      const [pattern, namesOf] = ROWS.get(lines.word()) ?? [];
      if (pattern === undefined) continue;
      const names = namesOf!(lines);
      const use = (name: string, value: number | bigint) => emit(pattern, value, name);
      if (names === undefined || !readRow(lines, names, use)) skipLine(lines);
    }
  },
});

type Pattern = keyof typeof metrics;
/** Undefined where the line does not say how many numbers it has. */
type Names = (line: Cursor) => readonly string[] | undefined;

const always = (text: string): Names => () => wordsOf(text);
const counted = (namesFor: (count: number) => readonly string[]): Names => (line) => {
  const count = line.tryCounter();
  return count === undefined ? undefined : namesFor(Number(count)).slice(0, Number(count));
};

const ROWS: ReadonlyMap<string, readonly [Pattern, Names]> = new Map([
  ["net", ["net.{field}", always("packets udpcnt tcpcnt tcpconn")]],
  ["rpc", ["rpc.{field}", always("calls retrans authrefrsh")]],
  ["proc2", ["v2.{operation}", counted(() => NFS_2)]],
  ["proc3", ["v3.{operation}", counted(() => NFS_3)]],
  ["proc4", ["v4.{operation}", counted(version4)]],
]);

/** Kernels have put operations between others; their number says which order it is. */
function version4(count: number): readonly string[] {
  if (count <= MAX_OLD) return [...V4_FIRST, ...V4_OLD];
  const more = count < MIN_FSID_PRESENT ? ["secinfo"] : ["secinfo", "fsid_present"];
  return [...V4_FIRST, ...more, ...V4_NEW];
}
