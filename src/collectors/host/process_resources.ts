/**
 * Memory, CPU time and more of groups of processes. Reading a process costs a dozen microseconds, and a host has
 * thousands. Processes of no group, nearly all of them, are read now and then only; one that becomes another
 * program is noticed within half a minute.
 * Source: https://man7.org/linux/man-pages/man5/proc_pid.5.html
 */

import { defineCollector, gauge } from "../../core/collector.ts";
import { configError, noData } from "../../core/errors.ts";
import type { Host } from "../../ports/host.ts";
import {
  isTrue,
  list,
  type Option,
  type Raw,
  type RawSection,
  section,
  text,
} from "../../core/option.ts";
import {
  addIds,
  addLines,
  addMemory,
  CONTEXT_SWITCHES,
  FULL_MEMORY,
  IO_COUNTERS,
  KEYS_WITHOUT_NUMBERS,
  MEMORY_KEYS,
  memoryOf,
  pageBytes,
  parseStat,
  type Stat,
} from "../../formats/proc_process.ts";
import { pythonRegex } from "../../core/python_regex.ts";

/** Of all Linux systems that people run; the kernel converts to it. */
const TICKS_PER_SECOND = 100;
/** The kernel cuts names here. */
const COMM_LENGTH = 15;
/** Other work of the agent gets its turn after this many processes. */
const YIELD_AFTER = 200;
/** What a process is, is read again after this time at the latest. */
const AGAIN_MS = 30_000;
/** So that they are not all asked in the same run. */
const SPREAD = 16;
/** A younger process may still become what it was started for. */
const YOUNG_SECONDS = 10;
/** The kernel's time since the boot and a process' start are not of the same instant. */
const YOUNGEST_SECONDS = 1;
/** The kernel's letter for a wait that no signal ends. */
const UNINTERRUPTIBLE = "D";
const OTHER_KEYS = [
  "memory_info",
  "memory_full_info",
  "pid",
  "ppid",
  "nice",
  "uids",
  "gids",
  "cpu_num",
  "create_time",
];
const DEFAULT_KEYS = [
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

const PART_UNITS = {
  s: "user system children_* iowait",
  byte: "vms rss shared text lib data dirty uss pss swap *_chars *_bytes",
};

export default defineCollector({
  name: "ProcessResourcesCollector",
  doc: "Memory, CPU time, files, I/O and age of groups of processes",
  path: "process",
  sources: ["/proc/PID/stat", "statm", "status", "io", "fd", "cmdline", "exe"],
  options: {
    info_keys: infoKeys(),
    process: section(
      "One subsection per group: exe, name, cmdline (regular expressions), selfmon, count_workers",
    ),
    unit: text("B", "Without effect, as in Diamond"),
  },
  metrics: {
    "{group}.{key}": gauge("A figure of the group: the sum over its processes", 0, {
      percent: "*_percent",
    }),
    "{group}.{key}.{part}": gauge("A part of a figure of the group", 0, PART_UNITS),
    "{group}.uptime": gauge("Age of the processes, summed", 0, "s"),
    "{group}.workers_count": gauge("Processes in the group, with count_workers"),
  },
  prepare: ({ process }): State => ({ groups: readGroups(process), known: new Map(), scan: 0 }),

  async collect({ host, options, state, emit, signal, skipLine }) {
    const { groups } = state;
    if (groups.length === 0) throw noData("there are no groups in [[[process]]]");
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
      // A process that ended meanwhile is not an error.
      const line = host.fs.tryRead(`/proc/${pid}/stat`);
      if (line === undefined) continue;
      const stat = parseStat(line.text());
      if (stat === undefined) {
        skipLine({ source: "/proc/PID/stat", line: () => line.text() });
        continue;
      }
      const process = before?.start === stat.start ? before : newcomer(stat);
      known.set(pid, process);
      process.seen = scan;
      if (
        (process.comm !== stat.comm || now >= process.againAt) &&
        !(readsCommandLine(stat.comm, groups) && waits(host, pid, stat))
      ) {
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
        if (Number.isNaN(value)) continue;
        const [first, part] = key.split(".");
        if (key === "uptime") emit("{group}.uptime", value, group.name);
        else if (part === undefined) emit("{group}.{key}", value, group.name, first);
        else emit("{group}.{key}.{part}", value, group.name, first, part);
      }
      if (group.countWorkers) emit("{group}.workers_count", workers, group.name);
    }
  },
});

/** Any of psutil's names is taken, as in Diamond, which published those that are numbers. */
function infoKeys(): Option<readonly string[]> {
  const plain = list(
    DEFAULT_KEYS,
    `What to publish of each group: ${[...DEFAULT_KEYS, ...OTHER_KEYS].join(", ")}`,
  );
  return {
    ...plain,
    parse(raw) {
      const keys = plain.parse(raw);
      const known = [...DEFAULT_KEYS, ...OTHER_KEYS, ...KEYS_WITHOUT_NUMBERS];
      const unknown = keys.find((key) => !known.includes(key));
      if (unknown === undefined) return keys;
      throw configError(`"${unknown}" is none of ${[...DEFAULT_KEYS, ...OTHER_KEYS].join(", ")}`);
    },
  };
}

function readGroups(process: RawSection): Group[] {
  return Object.entries(process).map(([name, raw]) => {
    if (typeof raw === "string" || Array.isArray(raw)) {
      throw configError(`the group "${name}" of [[[process]]] must be a section`);
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

function newcomer({ comm, start }: Stat): Known {
  return { start, comm, groups: [], againAt: -Infinity, cpu: -1, at: 0, seen: 0 };
}

/** `age` in seconds. Between half of the time and all of it, so that each run has its part of them. */
function againAt(now: number, age: number, pid: number): number {
  return age < YOUNG_SECONDS ? now : now + AGAIN_MS * (0.5 + (pid % SPREAD) / SPREAD / 2);
}

/**
 * Whether a thread of a process cannot be interrupted, as for a file system that hangs. Whoever reads its command line
 * then may wait with it: it is looked at again with the next run.
 */
function waits({ fs }: Host, pid: string, { state, threads }: Stat): boolean {
  if (state === UNINTERRUPTIBLE || threads <= 1) return state === UNINTERRUPTIBLE;
  let ids: readonly string[];
  try {
    ids = fs.list(`/proc/${pid}/task`);
  } catch {
    // It has ended meanwhile.
    return false;
  }
  return ids.some((id) => {
    const line = fs.tryRead(`/proc/${pid}/task/${id}/stat`)?.text();
    return line !== undefined && parseStat(line)?.state === UNINTERRUPTIBLE;
  });
}

/** The kernel cuts names, and the command line may have the whole one. */
function readsCommandLine(comm: string, groups: readonly Group[]): boolean {
  const asks = (part: "names" | "cmdline") => groups.some((group) => group[part].length > 0);
  return asks("cmdline") || (comm.length >= COMM_LENGTH && asks("names"));
}

/** Only what the groups ask for is read. */
function groupsOf(host: Host, pid: string, comm: string, groups: readonly Group[]): Group[] {
  const isCut = comm.length >= COMM_LENGTH;
  const cmdline = readsCommandLine(comm, groups)
    ? (host.fs.tryRead(`/proc/${pid}/cmdline`)?.text() ?? "").split("\0").filter(
      // As psutil of Diamond's days: a program that writes its title here leaves empty ones behind it.
      (argument) => argument !== "",
    )
    : [];
  const joined = cmdline.join(" ");
  // A program that was replaced while it runs.
  const exe = groups.some((group) => group.exe.length > 0)
    ? (host.fs.readLink(`/proc/${pid}/exe`) ?? "").replace(/ \(deleted\)$/, "")
    : "";
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
  /** Seconds since the host's start; NaN where it is not known. */
  readonly uptime: number;
  /** Seconds since the epoch of the host's start. */
  readonly booted: number;
}

function readHostFacts({ fs, clock }: Host): HostFacts {
  const uptime = fs.tryRead("/proc/uptime")?.tryFloat() ?? NaN;
  return {
    pageBytes: pageBytes(
      fs.exists("/proc/self/auxv") ? fs.readBytes("/proc/self/auxv") : new Uint8Array(),
    ),
    memory: memoryOf(fs.tryRead("/proc/meminfo")),
    uptime,
    booted: clock.now() / 1000 - uptime,
  };
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

  const memory = MEMORY_KEYS.filter(wants);
  if (memory.length > 0) {
    addMemory(fs.tryRead(`/proc/${pid}/statm`), facts.pageBytes, facts.memory, memory, values);
  }
  if (memory.includes("memory_full_info") && !waits(host, pid, stat)) {
    addLines(fs.tryRead(`/proc/${pid}/smaps_rollup`), FULL_MEMORY, values, 1024);
  }
  addScalars(pid, stat, facts, wants, values);
  if (wants("num_fds")) {
    const open = countEntries(host, `/proc/${pid}/fd`);
    if (open !== undefined) values.set("num_fds", open);
  }
  if (wants("num_ctx_switches")) {
    addLines(fs.tryRead(`/proc/${pid}/status`), CONTEXT_SWITCHES, values);
  }
  for (const [key, line] of [["uids", "Uid"], ["gids", "Gid"]]) {
    if (wants(key)) addIds(fs.tryRead(`/proc/${pid}/status`), key, line, values);
  }
  if (wants("io_counters")) addLines(fs.tryRead(`/proc/${pid}/io`), IO_COUNTERS, values);
  // In a container the host may be younger than its processes, whose age is then unknown.
  const age = facts.uptime - seconds(stat.start);
  values.set("uptime", age >= -YOUNGEST_SECONDS ? Math.max(0, age) : NaN);
  return values;
}

function addScalars(
  pid: string,
  { parent, nice, processor, start }: Stat,
  { booted }: HostFacts,
  wants: (key: string) => boolean,
  values: Map<string, number>,
): void {
  if (wants("pid")) values.set("pid", Number(pid));
  if (wants("ppid")) values.set("ppid", parent);
  if (wants("nice")) values.set("nice", nice);
  if (wants("cpu_num") && processor >= 0) values.set("cpu_num", processor);
  if (wants("create_time")) values.set("create_time", booted + start / TICKS_PER_SECOND);
}

function countEntries({ fs }: Host, path: string): number | undefined {
  try {
    return fs.list(path).length;
  } catch {
    return undefined;
  }
}
