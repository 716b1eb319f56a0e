/**
 * What the runtime costs at rest is decided by settings that it reads before any line of ours runs:
 * so this program starts itself again, in the same process, with those. What each of them is worth is
 * in build/bench/README.md.
 *
 * - The collector of garbage runs when there is garbage, not by a timer that wakes the process up.
 * - Freed memory goes back to the system at once.
 * - Two tiers of the just-in-time compiler are enough: the third one's threads and code never pay for
 *   themselves in a program that works for two milliseconds a second. With little memory, one is.
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import type { MemoryMode } from "../core/process.ts";
import { libc } from "./libc.ts";
import { stamp } from "./stamp.ts";

const NORMAL = {
  BUN_GC_TIMER_DISABLE: "1",
  MIMALLOC_PURGE_DELAY: "0",
  BUN_JSC_useFTLJIT: "0",
};

const SETTINGS: Readonly<Record<MemoryMode, Readonly<Record<string, string>>>> = {
  normal: NORMAL,
  low: { ...NORMAL, BUN_JSC_useDFGJIT: "0" },
};

/** As it was at the start: others take out of it what no child may see. */
const environment = { ...process.env };

/** Goes on as this program started anew, with the settings of a mode; returns where it has them, or where there is no way. */
export function tune(mode: MemoryMode): void {
  const settings = SETTINGS[mode];
  const isTuned = Object.entries(settings).every(([name, value]) => environment[name] === value);
  // Children choose for themselves.
  for (const name of Object.keys(SETTINGS.low)) delete process.env[name];
  if (isTuned || !stamp.compiled || process.platform !== "linux") return;
  try {
    process.execve?.(process.execPath, [process.argv0, ...process.argv.slice(2)], {
      ...environment,
      ...settings,
    } as NodeJS.ProcessEnv);
  } catch {
    // It costs more then, and that is all.
  }
}

/** For a process of our own that is about to be started. */
export function tunedEnvironment(base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...base, ...NORMAL };
}

/** Source: madvise(2). */
const DONT_NEED = 4;

/**
 * The code that a start has run through and that is not needed any more leaves the memory: the file
 * has it, and what is needed again is read from there. Nothing happens where that is not possible.
 */
export async function giveBackCode(): Promise<void> {
  if (!stamp.compiled || process.platform !== "linux") return;
  try {
    const kernel = await libc({ madvise: { args: ["u64", "u64", "i32"], returns: "i32" } });
    for (const [from, to] of codeRanges(readFileSync("/proc/self/maps", "latin1"))) {
      kernel?.madvise(from, to - from, DONT_NEED);
    }
  } catch {
    // Memory that is not given back is no harm.
  }
}

/**
 * Where the executable's own code is, and what it reads before that: pages that are never written to.
 * What is read-only behind the code was written by the loader, and would be lost. Source: proc_pid_maps(5).
 */
export function codeRanges(maps: string, program = process.execPath): [bigint, bigint][] {
  const own = maps.split("\n").flatMap((line) => {
    const [range, rights, offset, , , ...path] = line.trim().split(/ +/);
    if (path.join(" ") !== program) return [];
    const [from, to] = range.split("-").map((hex) => BigInt(`0x${hex}`));
    return [{ from, to, rights, isFirst: /^0+$/.test(offset) }];
  });
  return own.filter(({ rights, isFirst }, at) =>
    rights === "r-xp" || (rights === "r--p" && isFirst && own[at + 1]?.rights === "r-xp")
  ).map(({ from, to }) => [from, to]);
}
