/** The memory and CPU time of a process, from Linux' /proc. */

import { readFileSync } from "node:fs";
import process from "node:process";

/** Clock ticks of /proc in a second: the same on every Linux that runs us. */
const TICKS = 100;

/** Source: VmRSS in /proc/PID/status, utime and stime in /proc/PID/stat. */
export function costOf(pid: number | undefined): { rss: number; cpu: number } | undefined {
  if (pid === undefined || process.platform !== "linux") return undefined;
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return {
      rss: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024,
      cpu: (Number(fields[11]) + Number(fields[12])) / TICKS,
    };
  } catch {
    return undefined;
  }
}
