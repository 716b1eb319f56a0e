/** Counts what is in a folder and below it. Only the process that answers probes calls it, since it takes long. */

import { readdirSync, type Stats, statSync } from "node:fs";
import type { Tree } from "../../ports/probe.ts";

/** stat(2) counts so, whatever the file system's blocks are. */
const BLOCK_BYTES = 512;
/** Paths that are named. */
const MAX_UNREAD = 10;

/** Follows links, to each folder once. Throws where the folder itself cannot be read. */
export function treeOf(root: string): Tree {
  const top = statSync(root);
  const waiting = [root];
  const seen = new Set([identityOf(top)]);
  const unread: string[] = [];
  let [files, folders, bytes, blocks, newest] = [0, 0, 0, 0, 0];
  let failed = 0;

  function attempt<T>(path: string, ask: () => T): T | undefined {
    try {
      return ask();
    } catch (error) {
      if (path === root) throw error;
      if (failed++ < MAX_UNREAD) unread.push(path);
      return undefined;
    }
  }

  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const here = folder;
    for (const name of attempt(here, () => readdirSync(here)) ?? []) {
      const path = here.endsWith("/") ? here + name : `${here}/${name}`;
      // A link that leads nowhere is not a file, nor is one that was removed meanwhile.
      const stat = attempt(path, () => statSync(path, { throwIfNoEntry: false }));
      if (stat?.isFile()) {
        files++;
        bytes += stat.size;
        blocks += stat.blocks;
        newest = Math.max(newest, stat.mtimeMs);
      } else if (stat?.isDirectory() && !seen.has(identityOf(stat))) {
        folders++;
        seen.add(identityOf(stat));
        waiting.push(path);
      }
    }
  }
  const changed = files > 0 ? newest : failed > 0 ? null : top.mtimeMs;
  return { files, folders, bytes, allocated: blocks * BLOCK_BYTES, newest: changed, unread };
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
