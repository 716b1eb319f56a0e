/**
 * statvfs and stat of mount points. Local file systems answer at once and are asked directly; one
 * that can hang is asked by another process.
 */

import { statSync } from "node:fs";
import { badData } from "../../core/errors.ts";
import type { Probe, StatVfs } from "../../ports/probe.ts";
import { realClock } from "../clock.ts";
import { canHang } from "./mount_kinds.ts";
import { createProbeProcess } from "./probe_process.ts";
import { type RawStatVfs, statvfs } from "./statvfs.ts";
import { realPathOf, type Roots } from "../roots.ts";

export function createProbe(roots: Roots, other = createProbeProcess(realClock)): Probe {
  return {
    statvfs(path, kind, asker) {
      const real = realPathOf(path, roots);
      if (!canHang(kind)) return toStatVfs(statvfs(real));
      return other.ask("statvfs", real, asker.signal).then((answer) =>
        toStatVfs(answer as RawStatVfs)
      );
    },
    device(path, kind, asker) {
      const real = realPathOf(path, roots);
      if (!canHang(kind)) return statSync(real, { throwIfNoEntry: false })?.dev;
      return other.ask("device", real, asker.signal) as Promise<number>;
    },
  };
}

/** Without the C library `frsize` is not known; it is `bsize` but for some network file systems. */
function toStatVfs(raw: RawStatVfs): StatVfs {
  const answer = {
    blockSize: raw.frsize || raw.bsize,
    blocks: raw.blocks,
    blocksFree: raw.bfree,
    blocksAvailable: raw.bavail,
    files: raw.files,
    filesFree: raw.ffree,
  };
  const { blockSize, blocks, blocksFree, blocksAvailable, files, filesFree } = answer;
  // A sum of what are all finite numbers, none of them negative, is one too.
  if (!Number.isFinite(blockSize + blocks + blocksFree + blocksAvailable + files + filesFree)) {
    throw badData("statvfs answers with what are no numbers");
  }
  return answer;
}
