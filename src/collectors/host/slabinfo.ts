/** Source: https://man7.org/linux/man-pages/man5/slabinfo.5.html, version 2.1; only root can read it. */

import { defineCollector, gauge, type SkipLine } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { wordsOf } from "../../core/words.ts";

const metrics = {
  "{cache}.{field}": gauge("Objects in use and all; bytes of one; objects and pages of a slab", 0, {
    byte: "objsize",
  }),
  "{cache}.tunables.{field}": gauge("Limits of the caches of each CPU"),
  "{cache}.slabdata.{field}": gauge("Slabs in use and all"),
};
type Pattern = keyof typeof metrics;

/** By the word that begins a group of columns. */
const GROUPS: ReadonlyMap<string, readonly [pattern: Pattern, fields: readonly string[]]> = new Map(
  [
    ["", ["{cache}.{field}", wordsOf("active_objs num_objs objsize objperslab pagesperslab")]],
    ["tunables", ["{cache}.tunables.{field}", wordsOf("limit batchcount sharedfactor")]],
    ["slabdata", ["{cache}.slabdata.{field}", wordsOf("active_slabs num_slabs sharedavail")]],
  ],
);

export default defineCollector({
  name: "SlabInfoCollector",
  doc: "Caches of the kernel's memory allocator",
  path: "slabinfo",
  sources: ["/proc/slabinfo"],
  options: {},
  metrics,

  collect({ host, emit, skipLine }) {
    const lines = host.fs.read("/proc/slabinfo");
    while (lines.nextLine()) {
      if (lines.starts("slabinfo - ") || lines.starts("# name")) continue;
      for (const { pattern, cache, field, value } of cells(lines, skipLine)) {
        emit(pattern, value, cache, field);
      }
    }
  },
});

interface Cell {
  readonly pattern: Pattern;
  readonly cache: string;
  readonly field: string;
  readonly value: number | bigint;
}

/** `rpc_tasks 8 10 384 10 1 : tunables 54 27 8 : slabdata 1 1 0` */
function* cells(line: Cursor, skipLine: SkipLine): Generator<Cell> {
  const cache = line.word();
  let isWhole = true;
  for (let group: string | undefined = ""; group !== undefined; group = nextGroup(line)) {
    const [pattern, fields] = GROUPS.get(group) ?? [];
    for (const field of fields ?? []) {
      const value = line.tryCounter();
      if (value === undefined) isWhole = false;
      else yield { pattern: pattern!, cache, field, value };
    }
  }
  if (!isWhole) skipLine(line);
}

/** Behind the next colon. */
function nextGroup(line: Cursor): string | undefined {
  while (line.more) if (line.word() === ":") return line.word();
  return undefined;
}
