/**
 * Memory that is free between blocks in use. The runtime's allocator gives whole pages back, and these holes
 * either before each sleep, which takes a tenth of a tick's time, or never, which takes megabytes: it is told
 * at its start. They are wanted back right after a collection, so its switch is turned on for that time.
 *
 * The allocator, mimalloc, keeps its options in one table of the program's data: value, state, number, name.
 * Where that is not found as it is known here, nothing happens.
 */

import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import process from "node:process";
import { once } from "../runtime/once.ts";
import { mappingsOf } from "./clean_pages.ts";
import { buildInfo } from "../runtime/build_info.ts";

const OPTION = "purge_holes";
/** Of 64-bit systems: the value (8 bytes), whether it was looked up (4), the number (4), two names (8 each). */
const ENTRY_BYTES = 32;
const NUMBER_AT = 12;
const NAME_AT = 16;
/** Entries with the numbers from 0 on, one behind the other: nothing else looks like this. */
const SIGNATURE = 16;
const MAX_ENTRIES = 128;
const PIECE = 64 * 1024;
/** The allocator looks when the thread goes to sleep, which is soon: once is enough. */
const ON_MS = 50;

/** This process' own memory, as a file. */
let memory: number | undefined;
/** Where the option's value is in it. */
const place = once(() => {
  if (memory === undefined) return undefined;
  try {
    return findSwitch(readFileSync("/proc/self/maps", "latin1"), memory, process.execPath);
  } catch {
    // As below: it may be run but not read, for example.
    return undefined;
  }
});

/** Has to be called before this process becomes another user, to whom its memory is closed. */
export function openOwnMemory(): void {
  if (!buildInfo.compiled || process.platform !== "linux") return;
  try {
    memory ??= openSync("/proc/self/mem", "r+");
  } catch {
    // A system that does not let a program look at itself: memory that is not given back is no harm.
  }
}

/** Soon, when this thread sleeps. */
export function giveBackHoles(): void {
  openOwnMemory();
  const [descriptor, address] = [memory, place()];
  if (descriptor === undefined || address === undefined) return;
  if (!exchange(descriptor, address, 0n, 1n)) return;
  setTimeout(() => exchange(descriptor, address, 1n, 0n), ON_MS).unref();
}

/** False where it was another one: it is on for good, or this is no switch. Throws nothing: a timer calls it. */
function exchange(memory: number, address: number, from: bigint, to: bigint): boolean {
  const value = new BigInt64Array(1);
  const bytes = new Uint8Array(value.buffer);
  try {
    readSync(memory, bytes, 0, bytes.length, address);
    if (value[0] !== from) return false;
    value[0] = to;
    return writeSync(memory, bytes, 0, bytes.length, address) === bytes.length;
  } catch {
    return false;
  }
}

/** The address of the option's value in the memory of a process that runs `program`. */
export function findSwitch(maps: string, memory: number, program: string): number | undefined {
  const file = openSync(program, "r");
  try {
    for (const { from, to, rights, offset } of mappingsOf(program, maps)) {
      if (!rights.startsWith("rw")) continue;
      const table = findTable(file, Number(offset), Number(to - from));
      if (table !== undefined) return findOption(memory, Number(from) + table);
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** In the file, whose pages need not become this program's for that. Behind `start`; undefined where there is none. */
function findTable(file: number, start: number, length: number): number | undefined {
  const words = new Int32Array(PIECE / 4);
  const bytes = new Uint8Array(words.buffer);
  const step = ENTRY_BYTES / 4;
  // Pieces overlap by what a table's beginning needs.
  const advance = PIECE - SIGNATURE * ENTRY_BYTES;
  for (let at = 0; at < length; at += advance) {
    const count = readSync(file, bytes, 0, Math.min(PIECE, length - at), start + at);
    const last = count / 4 - SIGNATURE * step;
    for (let word = 0; word <= last; word += 2) {
      let number = 0;
      while (number < SIGNATURE && words[word + number * step + NUMBER_AT / 4] === number) number++;
      if (number === SIGNATURE) return at + word * 4;
    }
  }
  return undefined;
}

function findOption(memory: number, table: number): number | undefined {
  const bytes = new Uint8Array(ENTRY_BYTES);
  const entry = new DataView(bytes.buffer);
  const name = new Uint8Array(OPTION.length + 1);
  for (let number = 0; number < MAX_ENTRIES; number++) {
    const address = table + number * ENTRY_BYTES;
    readSync(memory, bytes, 0, ENTRY_BYTES, address);
    if (entry.getInt32(NUMBER_AT, true) !== number) return undefined;
    readSync(memory, name, 0, name.length, Number(entry.getBigUint64(NAME_AT, true)));
    if (new TextDecoder("latin1").decode(name) === `${OPTION}\0`) return address;
  }
  return undefined;
}
