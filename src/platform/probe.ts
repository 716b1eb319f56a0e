/**
 * statvfs and stat of mount points. Local file systems answer at once and are asked directly; one
 * that can hang is asked by another process.
 */

import { statfsSync, type StatsFs, statSync } from "node:fs";
import { badData } from "../core/errors.ts";
import type { Probe, StatVfs } from "../core/host.ts";
import { realClock } from "./clock.ts";
import { createProbeProcess } from "./probe_process.ts";
import { realPathOf, type Roots } from "./roots.ts";

const CAN_HANG =
  /^(nfs|cifs|smb|fuse|autofs|sshfs|gluster|ceph|lustre|gpfs|afs|9p|ncpfs|davfs|ocfs|gfs)/;

export function createProbe(roots: Roots, other = createProbeProcess(realClock)): Probe {
  return {
    async statvfs(path, kind, asker) {
      const real = realPathOf(path, roots);
      return toStatVfs(
        CAN_HANG.test(kind)
          ? await other.ask("statvfs", real, asker.signal) as StatsFs
          : statfsSync(real),
      );
    },
    async device(path, kind, asker) {
      const real = realPathOf(path, roots);
      if (CAN_HANG.test(kind)) return await other.ask("device", real, asker.signal) as number;
      return statSync(real, { throwIfNoEntry: false })?.dev;
    },
  };
}

/** Node before 24 has no frsize; on Linux it equals bsize but for some network file systems. */
function toStatVfs(raw: StatsFs & { frsize?: number }): StatVfs {
  const answer = {
    blockSize: raw.frsize || raw.bsize,
    blocks: raw.blocks,
    blocksFree: raw.bfree,
    blocksAvailable: raw.bavail,
    files: raw.files,
    filesFree: raw.ffree,
  };
  if (!Object.values(answer).every(Number.isFinite)) {
    throw badData("statvfs answers with what are no numbers");
  }
  return answer;
}
