/**
 * Keeps a plugin's process from signalling the agent, where the kernel lets it: where root starts it, and in a unit with
 * NoNewPrivileges. Elsewhere it would cost plugins their sudo, so it is left out.
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { type SignalFilter, signalFilter } from "./signal_filter.ts";
import { pointerTo, systemCalls } from "../runtime/libc.ts";

const SET_MODE_FILTER = 1;
/** For all threads that there are. */
const SYNCHRONIZE = 1;

/** The agent's side: for its children. */
export function guardOfThisProcess(): SignalFilter | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const stat = readFileSync("/proc/self/stat", "latin1");
    const group = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
    return signalFilter(process.arch, process.pid, group);
  } catch {
    return undefined;
  }
}

/** The child's side. */
export function applyGuard({ call, program }: SignalFilter): void {
  const calls = systemCalls({
    syscall: { args: ["i64", "i64", "i64", "ptr"], returns: "i64" },
  });
  if (calls === undefined) return;
  const filter = Uint8Array.from(program.match(/../g)!, (digits) => parseInt(digits, 16));
  const header = new DataView(new ArrayBuffer(16));
  header.setUint16(0, filter.length / 8, true);
  header.setBigUint64(8, BigInt(pointerTo(filter)), true);
  calls.syscall(call, SET_MODE_FILTER, SYNCHRONIZE, new Uint8Array(header.buffer));
}
