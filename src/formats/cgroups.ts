/**
 * Control groups, of version 1 and 2: https://docs.kernel.org/admin-guide/cgroup-v2.html. A group is a folder; its
 * name in metrics has dots for slashes, and the root's is `system`.
 */

import type { SkipLine } from "../core/collector.ts";
import type { Cursor } from "../core/cursor.ts";
import { noData } from "../core/errors.ts";
import type { HostFs } from "../ports/fs.ts";
import { numberOf } from "./number_file.ts";

/** Where version 2 is mounted; a machine that has both mounts it elsewhere. */
const UNIFIED = "/sys/fs/cgroup";
/** Deeper ones do not exist, but a loop of links might. */
const MAX_DEPTH = 64;
/** Files that a controller, or the kernel, puts into each folder. */
const FILE =
  /^(?:tasks$|notify_on_release$|release_agent$|(?:cgroup|cpu|cpuacct|cpuset|memory|io|blkio|pids|hugetlb|rdma|misc|devices|freezer|net_cls|net_prio|perf_event|irq|dmem)\.)/;

interface Cgroup {
  readonly folder: string;
  /** `lxc.web1`, `system` for the root. */
  readonly name: string;
}

/**
 * The groups below a folder of version 1, where the machine has it, or else those of version 2. Throws `no-data`
 * where there are none.
 */
export function cgroupsOf(fs: HostFs, path: string): Iterable<Cgroup> {
  const folder = path.replace(/\/+$/, "");
  if (fs.stat(folder)?.isDirectory) return groupsBelow(fs, folder);
  if (fs.exists(`${UNIFIED}/cgroup.controllers`)) return groupsBelow(fs, UNIFIED);
  throw noData(`cannot read ${folder}, and ${UNIFIED} is not version 2 of control groups`);
}

function* groupsBelow(fs: HostFs, root: string, below = "", depth = 0): Generator<Cgroup> {
  yield { folder: root + below, name: below.slice(1).replaceAll("/", ".") || "system" };
  if (depth === MAX_DEPTH) return;
  for (const name of namesIn(fs, root + below)) {
    if (FILE.test(name) || !fs.stat(`${root}${below}/${name}`)?.isDirectory) continue;
    yield* groupsBelow(fs, root, `${below}/${name}`, depth + 1);
  }
}

/** Groups come and go meanwhile. */
function namesIn(fs: HostFs, folder: string): string[] {
  try {
    return fs.list(folder).sort();
  } catch {
    return [];
  }
}

/** The lines `name value` of a file; undefined where there is no such file. */
export function fieldsOf(
  fs: HostFs,
  path: string,
  skipLine: SkipLine,
): ReadonlyMap<string, number | bigint> | undefined {
  const lines = fs.tryRead(path);
  return lines === undefined ? undefined : fieldsIn(lines, skipLine);
}

function fieldsIn(lines: Cursor, skipLine: SkipLine): ReadonlyMap<string, number | bigint> {
  const fields = new Map<string, number | bigint>();
  while (lines.nextLine()) {
    const name = lines.word();
    const value = lines.tryCounter();
    if (value === undefined || lines.more) skipLine(lines);
    else fields.set(name, value);
  }
  return fields;
}

/** What a group's memory.stat says, by the names of version 1. */
const NAMES: ReadonlyMap<string, string> = new Map(
  ["cache", "rss", "swap", "total_rss", "total_cache", "total_swap"].map((name) => [name, name]),
);
/** Version 2 always counts the groups below in. */
const NAMES_2: ReadonlyMap<string, string> = new Map([
  ["cache", "file"],
  ["rss", "anon"],
  ["total_rss", "anon"],
  ["total_cache", "file"],
]);

/** Memory of a group in bytes: `cache`, `rss`, `swap`, and each with `total_`, with the groups below. */
export function* memoryOf(
  fs: HostFs,
  { folder }: Cgroup,
  skipLine: SkipLine,
): Generator<readonly [name: string, bytes: number | bigint]> {
  const fields = fieldsOf(fs, `${folder}/memory.stat`, skipLine);
  if (fields === undefined) return;
  const isUnified = fields.has("anon");
  for (const [name, field] of isUnified ? NAMES_2 : NAMES) {
    const value = fields.get(field);
    if (value !== undefined) yield [name, value];
  }
  const swap = isUnified ? numberOf(fs, `${folder}/memory.swap.current`, skipLine) : undefined;
  if (swap !== undefined) {
    yield ["swap", swap];
    yield ["total_swap", swap];
  }
}
