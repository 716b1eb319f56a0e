/**
 * Questions to file systems. Local ones answer at once and are asked directly; one that can hang is asked by another
 * process, and so is what takes long.
 */

import { readdirSync, statSync } from "node:fs";
import { badData, noData } from "../../core/errors.ts";
import type { Abortable, Probe, StatVfs, Tree } from "../../ports/probe.ts";
import { realClock } from "../clock.ts";
import { canHang, hangingKind } from "./mount_kinds.ts";
import { createProbeProcess } from "./probe_process.ts";
import { readSmall } from "./small_file.ts";
import { type RawStatVfs, statvfs } from "./statvfs.ts";
import { realPathOf, type Roots } from "../roots.ts";

export function createProbe(
  roots: Roots,
  other = createProbeProcess(realClock),
  // A process of its own, since a large folder takes minutes.
  patient = createProbeProcess(realClock, undefined, Infinity),
): Probe {
  function small<T>(
    what: "read" | "list",
    path: string,
    asker: Abortable,
    direct: (real: string) => T,
  ): Promise<T> {
    const real = realPathOf(path, roots);
    if (hangingKind(real) !== undefined) return other.ask(what, real, asker.signal) as Promise<T>;
    try {
      return Promise.resolve(direct(real));
    } catch (error) {
      return Promise.reject(noData(`cannot read ${path}`, error));
    }
  }

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
    tree: (path, asker) =>
      patient.ask("tree", realPathOf(path, roots), asker.signal) as Promise<Tree>,
    read: (path, asker) => small("read", path, asker, readSmall),
    list: (path, asker) => small("list", path, asker, (real) => readdirSync(real)),
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
