/**
 * The pages of this program that the file has as well: what only the start has run through, or read, leaves
 * the memory and is fetched again by whoever needs it. Nothing happens where that is not possible.
 */

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import process from "node:process";
import { type Functions, libc } from "../runtime/libc.ts";
import { once } from "../runtime/once.ts";
import { mapSinglePages, type Range } from "./fault_around.ts";
import { buildInfo } from "../runtime/build_info.ts";

/** Source: madvise(2). */
const DONT_NEED = 4;
/** Of 64-bit systems: a larger page is a multiple, and madvise refuses what does not fit. */
const PAGE = 4096n;
/** Where the bundler of the executable has put our program and its data, which is never written. */
const PAYLOAD = ".bun";

interface Pages {
  readonly kernel: Functions<"madvise">;
  readonly code: readonly Range[];
  /** Null where the executable has none, or may be run but not read. */
  readonly payload: Range | null;
}

/** Nothing of them ever moves. */
const pages = once(find);

export function giveBackPages(): void {
  const found = pages();
  if (found === undefined) return;
  const { kernel, code, payload } = found;
  let ranges = code;
  try {
    if (payload !== null) ranges = [...code, ...cleanRanges(payload)];
  } catch {
    // It does no harm to keep the memory.
  }
  for (const [from, to] of ranges) kernel.madvise(from, to - from, DONT_NEED);
}

function find(): Pages | undefined {
  if (!buildInfo.compiled || process.platform !== "linux") return undefined;
  const kernel = libc({ madvise: { args: ["u64", "u64", "i32"], returns: "i32" } });
  if (kernel === undefined) return undefined;
  try {
    const maps = readFileSync("/proc/self/maps", "latin1");
    const code = codeRanges(maps);
    const payload = payloadOf(maps);
    mapSinglePages(payload === null ? code : [...code, payload]);
    return { kernel, code, payload };
  } catch {
    // As above.
    return undefined;
  }
}

function payloadOf(maps: string): Range | null {
  try {
    return placeOf(PAYLOAD, process.execPath, maps);
  } catch {
    return null;
  }
}

interface Mapping {
  readonly from: bigint;
  readonly to: bigint;
  readonly rights: string;
  readonly offset: bigint;
}

function mappingsOf(program: string, maps: string): Mapping[] {
  return maps.split("\n").flatMap((line) => {
    const [range, rights, offset, , , ...path] = line.trim().split(/ +/);
    if (path.join(" ") !== program) return [];
    const [from, to] = range.split("-").map((hex) => BigInt(`0x${hex}`));
    return [{ from, to, rights, offset: BigInt(`0x${offset}`) }];
  });
}

/**
 * Where the executable's own code is, and what it reads before that: pages that are never written to.
 * What is read-only behind the code was written by the loader, and would be lost. Source: proc_pid_maps(5).
 */
export function codeRanges(maps: string, program = process.execPath): Range[] {
  const own = mappingsOf(program, maps);
  return own.filter(({ rights, offset }, at) =>
    rights === "r-xp" || (rights === "r--p" && offset === 0n && own[at + 1]?.rights === "r-xp")
  ).map(({ from, to }) => [from, to]);
}

/** Where a section of the program's file is mapped, as whole pages; null where it is not. Source: elf(5). */
export function placeOf(name: string, program: string, maps: string): Range | null {
  const file = openSync(program, "r");
  try {
    const read = (at: number, length: number) => {
      const bytes = new Uint8Array(length);
      readSync(file, bytes, 0, length, at);
      return new DataView(bytes.buffer);
    };
    const head = read(0, 64);
    const [size, count, namesAt] = [58, 60, 62].map((at) => head.getUint16(at, true));
    const sections = read(Number(head.getBigUint64(40, true)), size * count);
    const field = (section: number, at: number) =>
      Number(sections.getBigUint64(section * size + at, true));
    const names = read(field(namesAt, 24), field(namesAt, 32));
    const text = new TextDecoder("latin1").decode(names);
    for (let section = 0; section < count; section++) {
      const start = sections.getUint32(section * size, true);
      if (!text.startsWith(`${name}\0`, start)) continue;
      const [from, length] = [BigInt(field(section, 24)), BigInt(field(section, 32))];
      const mapping = mappingsOf(program, maps).find((one) =>
        one.offset <= from && from + length <= one.offset + one.to - one.from
      );
      if (mapping === undefined) return null;
      const shift = mapping.from - mapping.offset;
      return [(from + shift + PAGE - 1n) / PAGE * PAGE, (from + length + shift) / PAGE * PAGE];
    }
    return null;
  } finally {
    closeSync(file);
  }
}

/** Source: https://www.kernel.org/doc/html/latest/admin-guide/mm/pagemap.html */
const ENTRY_BYTES = 8;
/** The upper half of an entry: the page is there; it is the file's. */
const PRESENT = 2 ** 31;
const OF_FILE = 2 ** 29;

/** The pages of a range that are there and were never written to, for they would be lost. */
function cleanRanges([from, to]: Range): Range[] {
  const file = openSync("/proc/self/pagemap", "r");
  try {
    const count = Number((to - from) / PAGE);
    const entries = new DataView(new ArrayBuffer(count * ENTRY_BYTES));
    const bytes = new Uint8Array(entries.buffer);
    readSync(file, bytes, 0, bytes.length, Number(from / PAGE) * ENTRY_BYTES);
    const isClean = (page: number) => {
      const upper = entries.getUint32(page * ENTRY_BYTES + 4, true);
      return upper >= PRESENT && (upper & OF_FILE) !== 0;
    };
    const ranges: Range[] = [];
    for (let page = 0; page < count; page++) {
      const first = page;
      while (page < count && isClean(page)) page++;
      if (page > first) ranges.push([from + BigInt(first) * PAGE, from + BigInt(page) * PAGE]);
    }
    return ranges;
  } finally {
    closeSync(file);
  }
}
