/** Source: /proc/self/mountstats, statistics version 1.0 and 1.1; mountstats(8) reads the same. */

import { type Context, counter, defineCollector } from "../../core/collector.ts";
import { Cursor } from "../../core/cursor.ts";
import { bool, matchesAny, patterns, text, type Values } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { readRow } from "../../formats/counter_rows.ts";
import { run } from "../../protocols/command.ts";

const PATH = "/proc/self/mountstats";
/** As rules for sudo name it. */
const CAT = "/bin/cat";

/** Diamond's, by place. From the fifth on, the kernel counts other things than they say. */
const EVENTS = wordsOf(`
  inoderevalidates dentryrevalidates datainvalidates attrinvalidates syncinodes vfsopen vfslookup
  vfspermission vfsreadpage vfsreadpages vfswritepage vfswritepages vfsreaddir vfsflush vfsfsync
  vfsflock vfsrelease setattrtrunc extendwrite sillyrenames shortreads shortwrites delay
`);
const BYTES = wordsOf(`
  normalreadbytes normalwritebytes directreadbytes directwritebytes serverreadbytes serverwritebytes
`);
const TCP = wordsOf(`
  port bind_count connect_count connect_time idle_time rpcsends rpcreceives badxids backlogutil
`);
const TRANSPORTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["tcp", TCP],
  ["udp", wordsOf("port bind_count rpcsends rpcreceives badxids backlogutil")],
  [
    "rdma",
    [
      ...TCP,
      ...wordsOf(`
        read_chunks write_chunks reply_chunks total_rdma_req total_dma_rep pullup fixup hardway
        failed_marshal bad_reply
      `),
    ],
  ],
]);
const OPERATIONS = new Set(wordsOf(`
  ACCESS CLOSE COMMIT CREATE DELEGRETURN FSINFO FSSTAT FS_LOCATIONS GETACL GETATTR LINK LOCK LOCKT
  LOCKU LOOKUP LOOKUP_ROOT MKDIR MKNOD NULL OPEN OPEN_CONFIRM OPEN_DOWNGRADE OPEN_NOATTR PATHCONF
  READ READDIR READDIRPLUS READLINK REMOVE RENAME RENEW RMDIR SERVER_CAPS SETACL SETATTR SETCLIENTID
  SETCLIENTID_CONFIRM STATFS SYMLINK WRITE
`));
/** Of an operation's numbers; the others have no name. */
const OPERATION_FIELDS = ["ops", "", "", "", "", "", "rtt", "exe"];

const options = {
  exclude_filters: patterns([], "match", "Mount points to leave out"),
  include_filters: patterns([], "match", "Mount points to publish; where set, it alone decides"),
  use_sudo: bool(false, "Read the file with sudo and cat"),
  sudo_cmd: text("/usr/bin/sudo", "The program sudo"),
};
const metrics = {
  "{mount}.events.{field}": counter("What the mount was asked for, by Diamond's names", 0, {
    rare: true,
  }),
  "{mount}.bytes.{field}": counter("Bytes that programs, and the server, read and wrote", 0, {
    unit: "byte/s",
  }),
  "{mount}.xprt.{protocol}.{field}": counter("Its connections to the server, all together"),
  "{mount}.rpc.{operation}.{field}": counter(
    "Calls of an operation; milliseconds until the answer, and until the end",
    0,
    { rare: true, unit: { "ms/s": "rtt exe" } },
  ),
};
type MountStats = Context<typeof options, typeof metrics>;
/** The transports of one mount, by protocol and field. */
type Transports = Map<string, Map<string, number>>;

export default defineCollector({
  name: "MountStatsCollector",
  doc: "NFS mounts: operations with their times, bytes, events, transport",
  path: "mountstats",
  sources: [PATH],
  options,
  metrics,

  async collect(context) {
    const { emit, options } = context;
    const lines = await statistics(context);
    let mount: string | undefined;
    let transports: Transports = new Map();
    const endMount = () => {
      for (const [protocol, fields] of transports) {
        for (const [field, value] of fields) {
          emit("{mount}.xprt.{protocol}.{field}", value, mount!, protocol, field);
        }
      }
      transports = new Map();
    };
    while (lines.nextLine()) {
      if (!lines.starts("device ")) {
        if (mount !== undefined) emitLine(context, lines, mount, transports);
        continue;
      }
      endMount();
      const point = lines.skip(4).word();
      mount = isWanted(options, point) ? point.replace(/[./]/g, "_") : undefined;
    }
    endMount();
  },
});

async function statistics({ host, options, signal }: MountStats): Promise<Cursor> {
  const own = options.use_sudo ? undefined : host.fs.tryRead(PATH);
  if (own !== undefined) return own;
  // The kernel shows this file of a process that was root only to root; a child may read its own.
  const bin = options.use_sudo ? CAT : host.exec.find(CAT);
  if (bin === undefined || !host.fs.exists(PATH)) return host.fs.read(PATH);
  return Cursor.of(await run(host, { ...options, bin }, [PATH], signal), PATH);
}

function isWanted(
  { include_filters, exclude_filters }: Values<typeof options>,
  point: string,
): boolean {
  if (include_filters.compiled.length > 0) return matchesAny(include_filters, point);
  return !matchesAny(exclude_filters, point);
}

/** A line below `device … mounted on …`. */
function emitLine(
  { emit, skipLine }: MountStats,
  line: Cursor,
  mount: string,
  transports: Transports,
): void {
  const key = line.word();
  const operation = key.slice(0, -1);
  let isRead = true;
  if (key === "events:" || key === "bytes:") {
    const pattern = key === "events:" ? "{mount}.events.{field}" : "{mount}.bytes.{field}";
    isRead = readRow(
      line,
      key === "events:" ? EVENTS : BYTES,
      (field, value) => emit(pattern, value, mount, field),
    );
  } else if (key === "xprt:") {
    isRead = addTransport(line, transports);
  } else if (OPERATIONS.has(operation)) {
    const name = operation.toLowerCase();
    isRead = readRow(line, OPERATION_FIELDS, (field, value) => {
      if (field !== "") emit("{mount}.rpc.{operation}.{field}", value, mount, name, field);
    });
  }
  if (!isRead) skipLine(line);
}

/** A mount with `nconnect` has a line for each connection: their sum. */
function addTransport(line: Cursor, transports: Transports): boolean {
  const protocol = line.word();
  const names = TRANSPORTS.get(protocol);
  if (names === undefined) return false;
  const fields = transports.get(protocol) ?? new Map<string, number>();
  transports.set(protocol, fields);
  return readRow(line, names, (field, value) => {
    if (field !== "port" || !fields.has(field)) {
      fields.set(field, (fields.get(field) ?? 0) + Number(value));
    }
  });
}
