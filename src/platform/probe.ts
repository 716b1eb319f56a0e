/**
 * statvfs and stat of mount points. Local file systems answer at once and are asked directly. One
 * that can hang is asked through the thread pool, with a deadline, and never twice at the same time:
 * a call that hangs keeps its thread, so a second one would only cost another.
 */

import { statfsSync, type StatsFs, statSync } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { badData, timedOut } from "../core/errors.ts";
import type { Probe, StatVfs } from "../core/host.ts";
import { realPathOf, type Roots } from "./roots.ts";

const CAN_HANG =
  /^(nfs|cifs|smb|fuse|autofs|sshfs|gluster|ceph|lustre|gpfs|afs|9p|ncpfs|davfs|ocfs|gfs)/;
const SECONDS = 2;
/** One thread of the pool stays free for names and files. */
const MOST_HANGING = 1;

export function createProbe(roots: Roots): Probe {
  const pending = new Set<string>();

  async function guarded<T>(
    path: string,
    signal: AbortSignal,
    ask: (path: string) => Promise<T>,
  ): Promise<T> {
    if (pending.has(path)) {
      throw timedOut(`${path} has not answered since it was asked last: is its server away?`);
    }
    if (pending.size >= MOST_HANGING) {
      throw timedOut(`${path} is not asked while ${[...pending].join(", ")} does not answer`);
    }
    pending.add(path);
    const answer = ask(realPathOf(path, roots)).finally(() => pending.delete(path));
    answer.catch(() => {});
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(timedOut(`${path} did not answer within ${SECONDS} s`)),
        SECONDS * 1000,
      );
      signal.addEventListener("abort", () => reject(timedOut(`${path} did not answer in time`)), {
        once: true,
      });
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async statvfs(path, kind, signal) {
      if (CAN_HANG.test(kind)) {
        return toStatVfs(await guarded(path, signal, (real) => statfs(real)));
      }
      return toStatVfs(statfsSync(realPathOf(path, roots)));
    },
    async device(path, kind, signal) {
      if (!CAN_HANG.test(kind)) {
        return statSync(realPathOf(path, roots), { throwIfNoEntry: false })?.dev;
      }
      return (await guarded(path, signal, (real) => stat(real))).dev;
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
