/**
 * A look at a process costs a dozen microseconds, most of them the kernel's, and a host has thousands: the
 * processes of no group, nearly all of them, are looked at now and then only. It is still noticed within
 * half a minute when one becomes another program.
 *
 * Source: https://man7.org/linux/man-pages/man5/proc_pid.5.html
 */

import { defineCollector, gauge } from "../../core/collector.ts";
import { Cursor } from "../../core/cursor.ts";
import { configError } from "../../core/errors.ts";
import type { Host } from "../../ports/host.ts";
import { isTrue, list, type Raw, type RawSection, section, text } from "../../core/option.ts";
import { pythonRegex } from "../../core/python_regex.ts";

/** Of all Linux systems that people run; the kernel converts to it. */
const TICKS_PER_SECOND = 100;
const DEFAULT_PAGE_BYTES = 4096;
const AT_PAGESZ = 6;
/** The kernel cuts names here. */
const COMM_LENGTH = 15;
/** Other work of the agent gets its turn after this many processes. */
const YIELD_AFTER = 200;
/** What a process is, is asked anew after this time at the latest. */
const AGAIN_MS = 30_000;
/** So that they are not all asked in the same run. */
const SPREAD = 16;
/** A younger process may still become what it was started for. */
const YOUNG_SECONDS = 10;
const KNOWN_KEYS = [
  "num_ctx_switches",
  "cpu_percent",
  "cpu_times",
  "io_counters",
  "num_threads",
  "num_fds",
  "memory_percent",
  "memory_info_ex",
];

interface Group {
  readonly name: string;
  readonly exe: readonly RegExp[];
  readonly names: readonly RegExp[];
  readonly cmdline: readonly RegExp[];
  readonly selfmon: boolean;
  readonly countWorkers: boolean;
}

/** What is remembered of a process. */
interface Known {
  /** Ticks after the host's start: with another one it is another process. */
  readonly start: number;
  comm: string;
  groups: readonly Group[];
  /** When it is asked again what it is, by the clock that never steps. */
  againAt: number;
  cpu: number;
  at: number;
  seen: number;
}

interface State {
  readonly groups: readonly Group[];
  /** By the process' number. */
  readonly known: Map<string, Known>;
  scan: number;
}

export default defineCollector({
  name: "ProcessResourcesCollector",
  doc: "Memory, processor time, files, I/O and age of groups of processes",
  path: "process",
  sources: ["/proc/PID/stat", "statm", "status", "io", "fd", "cmdline", "exe"],
  options: {
    info_keys: list(KNOWN_KEYS, "What to publish of each group"),
    process: section(
      "One subsection per group: exe, name, cmdline (regular expressions), selfmon, count_workers",
    ),
    unit: text("B", "Without effect, as in Diamond"),
  },
  metrics: {
    "{group}.{key}": gauge("A figure of the group: the sum over its processes"),
    "{group}.{key}.{part}": gauge("A part of a figure of the group"),
    "{group}.uptime": gauge("Age of the processes, summed", 0, "second"),
    "{group}.workers_count": gauge("Processes in the group, with count_workers"),
  },
  prepare: ({ process }): State => ({ groups: readGroups(process), known: new Map(), scan: 0 }),

  async collect({ host, options, state, emit, signal }) {
    const { groups } = state;
    if (groups.length === 0) {
      throw configError(
        "ProcessResourcesCollector needs groups: [[[process]]] with a subsection each",
      );
    }
    const sums = new Map(
      groups.map((group) => [group, { values: new Map<string, number>(), workers: 0 }]),
    );
    const facts = readHostFacts(host);
    const now = host.clock.monotonic();
    const { known } = state;
    const scan = ++state.scan;
    let looks = 0;
    for (const pid of host.fs.list("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const before = known.get(pid);
      if (before !== undefined && before.groups.length === 0 && now < before.againAt) {
        before.seen = scan;
        continue;
      }
      if (++looks % YIELD_AFTER === 0) await host.clock.sleep(0, signal);
      if (signal.aborted) return;
      // A process that ended meanwhile is no error.
      const stat = readStat(host, pid);
      if (stat === undefined) continue;
      const process = before?.start === stat.start ? before : newcomer(stat);
      known.set(pid, process);
      process.seen = scan;
      if (process.comm !== stat.comm || now >= process.againAt) {
        process.comm = stat.comm;
        process.groups = groupsOf(host, pid, stat.comm, groups);
        process.againAt = againAt(now, facts.uptime - stat.start / TICKS_PER_SECOND, Number(pid));
      }
      if (process.groups.length === 0) continue;
      const values = measure(host, pid, stat, process, now, facts, options.info_keys);
      for (const group of process.groups) {
        const sum = sums.get(group)!;
        sum.workers++;
        for (const [key, value] of values) sum.values.set(key, (sum.values.get(key) ?? 0) + value);
      }
    }
    for (const [pid, process] of known) if (process.seen !== scan) known.delete(pid);

    for (const [group, { values, workers }] of sums) {
      for (const [key, value] of values) {
        const [first, part] = key.split(".");
        if (key === "uptime") emit("{group}.uptime", value, group.name);
        else if (part === undefined) emit("{group}.{key}", value, group.name, first);
        else emit("{group}.{key}.{part}", value, group.name, first, part);
      }
      if (group.countWorkers) emit("{group}.workers_count", workers, group.name);
    }
  },
});

function readGroups(process: RawSection): Group[] {
  return Object.entries(process).map(([name, raw]) => {
    if (typeof raw === "string" || Array.isArray(raw)) {
      throw configError(`The group "${name}" of [[[process]]] must be a section`);
    }
    const keys = raw as RawSection;
    const expressions = (key: string) =>
      textsOf(keys[key]).map((source) => pythonRegex(source, "search"));
    const on = (key: string) => isTrue(textsOf(keys[key])[0] ?? "");
    return {
      name,
      exe: expressions("exe"),
      names: expressions("name"),
      cmdline: expressions("cmdline"),
      selfmon: on("selfmon"),
      countWorkers: on("count_workers"),
    };
  });
}

function textsOf(raw: Raw | undefined): readonly string[] {
  if (typeof raw === "string") return raw === "" ? [] : [raw];
  return Array.isArray(raw) ? raw : [];
}

interface Stat {
  readonly comm: string;
  /** Ticks. */
  readonly user: number;
  readonly system: number;
  readonly childrenUser: number;
  readonly childrenSystem: number;
  readonly iowait: number;
  readonly threads: number;
  /** Ticks after the host's start. */
  readonly start: number;
}

function readStat(host: Host, pid: string): Stat | undefined {
  const line = host.fs.tryRead(`/proc/${pid}/stat`)?.text();
  return line === undefined ? undefined : parseStat(line);
}

/** The name stands in parentheses, and may have any of them in itself: the last one counts. */
export function parseStat(line: string): Stat | undefined {
  const open = line.indexOf("(");
  const close = line.lastIndexOf(")");
  if (open < 0 || close < open) return undefined;
  const fields = line.slice(close + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  const stat = {
    comm: line.slice(open + 1, close),
    user: field(14),
    system: field(15),
    childrenUser: field(16),
    childrenSystem: field(17),
    threads: field(20),
    start: field(22),
    iowait: fields.length > 39 ? field(42) : 0,
  };
  return Object.values(stat).every((value) => typeof value === "string" || Number.isFinite(value))
    ? stat
    : undefined;
}

function newcomer({ comm, start }: Stat): Known {
  return { start, comm, groups: [], againAt: -Infinity, cpu: -1, at: 0, seen: 0 };
}

/** `age` in seconds. Between half of the time and all of it, so that each run has its part of them. */
function againAt(now: number, age: number, pid: number): number {
  return age < YOUNG_SECONDS ? now : now + AGAIN_MS * (0.5 + (pid % SPREAD) / SPREAD / 2);
}

/** Only what the groups ask for is read. */
function groupsOf(host: Host, pid: string, comm: string, groups: readonly Group[]): Group[] {
  const isCut = comm.length >= COMM_LENGTH;
  const asks = (part: "exe" | "names" | "cmdline") =>
    groups.some((group) => group[part].length > 0);
  const cmdline = asks("cmdline") || (isCut && asks("names"))
    ? (host.fs.tryRead(`/proc/${pid}/cmdline`)?.text() ?? "").replace(/\0$/, "").split("\0")
    : [];
  const joined = cmdline.join(" ");
  const exe = asks("exe") ? host.fs.readLink(`/proc/${pid}/exe`) ?? "" : "";
  const name = isCut ? fullName(comm, cmdline) : comm;
  return groups.filter((group) =>
    (group.selfmon && Number(pid) === host.self.pid) || group.exe.some((form) => form.test(exe)) ||
    group.names.some((form) => form.test(name)) || group.cmdline.some((form) => form.test(joined))
  );
}

/** The command line may have what the kernel cut off. */
function fullName(comm: string, [program = ""]: readonly string[]): string {
  const base = program.slice(program.lastIndexOf("/") + 1);
  return base.startsWith(comm) ? base : comm;
}

interface HostFacts {
  readonly pageBytes: number;
  /** Bytes; 0 where it is not known. */
  readonly memory: number;
  /** Seconds since the host's start. */
  readonly uptime: number;
}

function readHostFacts({ fs }: Host): HostFacts {
  const memory = fs.tryRead("/proc/meminfo");
  return {
    pageBytes: pageBytes(
      fs.exists("/proc/self/auxv") ? fs.readBytes("/proc/self/auxv") : new Uint8Array(),
    ),
    memory: memory?.until(":") === "MemTotal" ? memory.uint() * 1024 : 0,
    uptime: fs.tryRead("/proc/uptime")?.float() ?? 0,
  };
}

/** The auxiliary vector is a list of pairs of 64-bit numbers. */
function pageBytes(vector: Uint8Array): number {
  const view = new DataView(vector.buffer, vector.byteOffset, vector.byteLength);
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (view.getBigUint64(at, true) === BigInt(AT_PAGESZ)) {
      return Number(view.getBigUint64(at + 8, true));
    }
  }
  return DEFAULT_PAGE_BYTES;
}

/** The figures of one process; what cannot be read (other users' I/O) is left out. */
function measure(
  host: Host,
  pid: string,
  stat: Stat,
  known: Known,
  now: number,
  facts: HostFacts,
  keys: readonly string[],
): Map<string, number> {
  const values = new Map<string, number>();
  const { fs } = host;
  const seconds = (ticks: number) => ticks / TICKS_PER_SECOND;
  const wants = (key: string) => keys.includes(key);

  if (wants("num_threads")) values.set("num_threads", stat.threads);
  if (wants("cpu_times")) {
    values.set("cpu_times.user", seconds(stat.user));
    values.set("cpu_times.system", seconds(stat.system));
    values.set("cpu_times.children_user", seconds(stat.childrenUser));
    values.set("cpu_times.children_system", seconds(stat.childrenSystem));
    values.set("cpu_times.iowait", seconds(stat.iowait));
  }
  const cpu = seconds(stat.user + stat.system);
  if (wants("cpu_percent")) {
    const elapsed = (now - known.at) / 1000;
    values.set(
      "cpu_percent",
      known.cpu < 0 || elapsed <= 0 ? 0 : Math.max(0, ((cpu - known.cpu) / elapsed) * 100),
    );
  }
  known.cpu = cpu;
  known.at = now;

  const statm = wants("memory_percent") || wants("memory_info_ex")
    ? fs.tryRead(`/proc/${pid}/statm`)
    : undefined;
  if (statm?.more) {
    const [vms, rss, shared, code, lib, data, dirty] = Array.from(
      { length: 7 },
      () => statm.more ? statm.uint() * facts.pageBytes : 0,
    );
    if (wants("memory_percent") && facts.memory > 0) {
      values.set("memory_percent", (rss / facts.memory) * 100);
    }
    if (wants("memory_info_ex")) {
      const parts = { rss, vms, shared, text: code, lib, data, dirty };
      for (const [part, bytes] of Object.entries(parts)) {
        values.set(`memory_info_ex.${part}`, bytes);
      }
    }
  }
  if (wants("num_fds")) {
    const open = countEntries(host, `/proc/${pid}/fd`);
    if (open !== undefined) values.set("num_fds", open);
  }
  if (wants("num_ctx_switches")) {
    addLines(fs.tryRead(`/proc/${pid}/status`), CONTEXT_SWITCHES, values);
  }
  if (wants("io_counters")) addLines(fs.tryRead(`/proc/${pid}/io`), IO_COUNTERS, values);
  values.set("uptime", Math.max(0, facts.uptime - seconds(stat.start)));
  return values;
}

const CONTEXT_SWITCHES: Readonly<Record<string, string>> = {
  voluntary_ctxt_switches: "num_ctx_switches.voluntary",
  nonvoluntary_ctxt_switches: "num_ctx_switches.involuntary",
};
const IO_COUNTERS: Readonly<Record<string, string>> = {
  syscr: "io_counters.read_count",
  syscw: "io_counters.write_count",
  read_bytes: "io_counters.read_bytes",
  write_bytes: "io_counters.write_bytes",
  rchar: "io_counters.read_chars",
  wchar: "io_counters.write_chars",
};

function addLines(
  lines: Cursor | undefined,
  names: Readonly<Record<string, string>>,
  values: Map<string, number>,
): void {
  while (lines?.nextLine()) {
    const name = names[lines.until(":") ?? ""];
    if (name !== undefined) values.set(name, lines.uint());
  }
}

function countEntries({ fs }: Host, path: string): number | undefined {
  try {
    return fs.list(path).length;
  } catch {
    return undefined;
  }
}
