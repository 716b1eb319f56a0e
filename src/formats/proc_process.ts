/**
 * Parses what /proc has about a process, under psutil's names.
 * Source: https://man7.org/linux/man-pages/man5/proc_pid.5.html
 */

import type { Cursor } from "../core/cursor.ts";

const DEFAULT_PAGE_BYTES = 4096;
const AT_PAGESZ = 6;

/** Of psutil: texts, lists, and what only a system call returns. */
export const KEYS_WITHOUT_NUMBERS = [
  "name",
  "exe",
  "cmdline",
  "cwd",
  "username",
  "status",
  "terminal",
  "environ",
  "ionice",
  "rlimit",
  "threads",
  "cpu_affinity",
  "memory_maps",
  "open_files",
  "connections",
  "net_connections",
];

/** What of /proc/PID/stat is wanted. */
export interface Stat {
  readonly comm: string;
  /** One letter; of its first thread. */
  readonly state: string;
  /** Ticks. */
  readonly user: number;
  readonly system: number;
  readonly childrenUser: number;
  readonly childrenSystem: number;
  readonly iowait: number;
  readonly threads: number;
  readonly parent: number;
  readonly nice: number;
  /** The last one that it ran on; -1 where it is not known. */
  readonly processor: number;
  /** Ticks after the host's start. */
  readonly start: number;
}

/** The name stands in parentheses, and may have any of them in itself: the last one counts. */
export function parseStat(line: string): Stat | undefined {
  const open = line.indexOf("(");
  const close = line.lastIndexOf(")");
  if (open < 0 || close < open) return undefined;
  const fields = line.slice(close + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3] || NaN);
  const stat = {
    comm: line.slice(open + 1, close),
    state: fields[0],
    user: field(14),
    system: field(15),
    childrenUser: field(16),
    childrenSystem: field(17),
    threads: field(20),
    parent: field(4),
    nice: field(19),
    start: field(22),
    processor: fields.length > 36 ? field(39) : -1,
    iowait: fields.length > 39 ? field(42) : 0,
  };
  return Object.values(stat).every((value) => typeof value === "string" || Number.isFinite(value))
    ? stat
    : undefined;
}

/** What /proc/PID/statm has, in pages. */
const PARTS = ["vms", "rss", "shared", "text", "lib", "data", "dirty"];
const PARTS_OF: Readonly<Record<string, readonly string[]>> = {
  memory_info: ["rss", "vms"],
  memory_info_ex: PARTS,
  memory_full_info: PARTS,
};
/** The keys that a process' memory is published under. */
export const MEMORY_KEYS = ["memory_percent", ...Object.keys(PARTS_OF)];

/** `total`: bytes of the host, 0 where that is not known. */
export function addMemory(
  statm: Cursor | undefined,
  pageBytes: number,
  total: number,
  keys: readonly string[],
  values: Map<string, number>,
): void {
  if (!statm?.more) return;
  for (const part of PARTS) {
    const pages = statm.tryCounter();
    if (pages === undefined) continue;
    const bytes = Number(pages) * pageBytes;
    if (part === "rss" && total > 0 && keys.includes("memory_percent")) {
      values.set("memory_percent", (bytes / total) * 100);
    }
    for (const key of keys) if (PARTS_OF[key]?.includes(part)) values.set(`${key}.${part}`, bytes);
  }
}

/** Of a line such as `Uid:  0  0  0  0` in /proc/PID/status. */
export function addIds(
  lines: Cursor | undefined,
  key: string,
  name: string,
  values: Map<string, number>,
): void {
  while (lines?.nextLine()) {
    if (lines.until(":") !== name) continue;
    for (const part of ["real", "effective", "saved"]) {
      const id = lines.tryCounter();
      if (id !== undefined) values.set(`${key}.${part}`, Number(id));
    }
  }
}

/** Lines of files, and what psutil calls them. */
export const CONTEXT_SWITCHES: Readonly<Record<string, string>> = {
  voluntary_ctxt_switches: "num_ctx_switches.voluntary",
  nonvoluntary_ctxt_switches: "num_ctx_switches.involuntary",
};
export const IO_COUNTERS: Readonly<Record<string, string>> = {
  syscr: "io_counters.read_count",
  syscw: "io_counters.write_count",
  read_bytes: "io_counters.read_bytes",
  write_bytes: "io_counters.write_bytes",
  rchar: "io_counters.read_chars",
  wchar: "io_counters.write_chars",
};

export const FULL_MEMORY: Readonly<Record<string, string>> = {
  Pss: "memory_full_info.pss",
  Private_Clean: "memory_full_info.uss",
  Private_Dirty: "memory_full_info.uss",
  Private_Hugetlb: "memory_full_info.uss",
  Swap: "memory_full_info.swap",
};

/** Sums where two lines have one name. */
export function addLines(
  lines: Cursor | undefined,
  names: Readonly<Record<string, string>>,
  values: Map<string, number>,
  factor = 1,
): void {
  while (lines?.nextLine()) {
    const name = names[lines.until(":") ?? ""];
    const value = name === undefined ? undefined : lines.tryCounter();
    if (value !== undefined) values.set(name, (values.get(name) ?? 0) + Number(value) * factor);
  }
}

/** Bytes of the host, by /proc/meminfo; 0 where that is not known. */
export function memoryOf(lines: Cursor | undefined): number {
  while (lines?.nextLine()) {
    if (lines.starts("MemTotal:")) return Number(lines.skip().tryCounter() ?? 0) * 1024;
  }
  return 0;
}

/** The auxiliary vector is a list of pairs of 64-bit numbers. */
export function pageBytes(vector: Uint8Array): number {
  const view = new DataView(vector.buffer, vector.byteOffset, vector.byteLength);
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (view.getBigUint64(at, true) === BigInt(AT_PAGESZ)) {
      return Number(view.getBigUint64(at + 8, true));
    }
  }
  return DEFAULT_PAGE_BYTES;
}
