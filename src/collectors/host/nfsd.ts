/** Source: /proc/net/rpc/nfsd; nfsstat(8) reads the same. */

import { defineCollector, rate } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { wordsOf } from "../../core/words.ts";
import { readRow } from "../../formats/counter_rows.ts";
import { NFS_2, NFS_3 } from "../../formats/nfs_operations.ts";

const TENS = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
/** By operation number: RFC 7530, 16.2. */
const V4_OPERATIONS = wordsOf(`
  op0-unused op1-unused op2-future access close commit create delegpurge delegreturn getattr getfh
  link lock lockt locku lookup lookup_root nverify open openattr open_conf open_dgrd putfh putpubfh
  putrootfh read readdir readlink remove rename renew restorefh savefh secinfo setattr setcltid
  setcltidconf verify write rellockowner
`);
const help = {
  rc: "The cache of replies",
  fh: "Handles of files",
  io: "Bytes read and written",
  th: "Threads; how long how many were busy",
  ra: "The cache of read-ahead: its size, and how deep it was searched",
  net: "Packets and connections",
  rpc: "Calls, and those that were refused",
  v4: "Null calls and compounds",
};
// Diamond's names begin with a dot.
const metrics = {
  ".reply_cache.{field}": rate(help.rc, 3),
  ".filehandle.{field}": rate(help.fh, 3),
  ".input_output.{field}": rate(help.io, 3, { unit: "byte/s" }),
  ".threads.{field}": rate(help.th, 3),
  ".read-ahead.{field}": rate(help.ra, 3),
  ".net.{field}": rate(help.net, 3),
  ".rpc.{field}": rate(help.rpc, 3),
  ".v2.{operation}": rate("Calls of an operation of NFS 2; unknown: how many there are", 3),
  ".v3.{operation}": rate("Calls of an operation of NFS 3; unknown: how many there are", 3),
  ".v4.{field}": rate(help.v4, 3),
  ".v4.ops.{operation}": rate("Operations of NFS 4; unknown: how many there are", 3),
};

/** By what a line begins with; a dot in front of a name that is not there yet. */
const ROWS: ReadonlyMap<string, readonly [keyof typeof metrics, readonly string[]]> = new Map([
  ["rc", [".reply_cache.{field}", wordsOf("hits misses nocache")]],
  [
    "fh",
    [
      ".filehandle.{field}",
      wordsOf("stale total-lookups anonlookups dir-not-in-cache nodir-not-in-cache"),
    ],
  ],
  ["io", [".input_output.{field}", wordsOf("bytes-read bytes-written")]],
  [
    "th",
    [
      ".threads.{field}",
      ["threads", "fullcnt", ...TENS.slice(0, -1).map((at) => `${at}-${at + 10}-pct`), "100-pct"],
    ],
  ],
  [
    "ra",
    [".read-ahead.{field}", ["cache-size", ...TENS.map((at) => `${at}-pct`), "not-found"]],
  ],
  ["net", [".net.{field}", wordsOf("cnt udpcnt tcpcnt tcpconn")]],
  ["rpc", [".rpc.{field}", wordsOf("cnt badfmt badauth badclnt")]],
  ["proc2", [".v2.{operation}", ["unknown", ...NFS_2]]],
  ["proc3", [".v3.{operation}", ["unknown", ...NFS_3]]],
  ["proc4", [".v4.{field}", wordsOf("unknown null compound")]],
  ["proc4ops", [".v4.ops.{operation}", ["unknown", ...V4_OPERATIONS]]],
]);

export default defineCollector({
  name: "NfsdCollector",
  doc: "Calls to this host's NFS server, by version and operation, with its threads and caches",
  path: "nfsd",
  sources: ["/proc/net/rpc/nfsd"],
  options: {},
  metrics,

  collect({ host, emit, skipLine }) {
    const lines = host.fs.read("/proc/net/rpc/nfsd");
    while (lines.nextLine()) {
      const [pattern, names] = ROWS.get(lines.word()) ?? [];
      if (pattern === undefined) continue;
      const use = (name: string, value: number | bigint) => emit(pattern, value, name);
      const read = pattern === ".threads.{field}" ? seconds : undefined;
      if (!readRow(lines, names!, use, read)) skipLine(lines);
    }
  },
});

/** Diamond cuts them. */
function seconds(line: Cursor): number | undefined {
  const value = line.tryFloat();
  return value === undefined || value < 0 ? undefined : Math.trunc(value);
}
