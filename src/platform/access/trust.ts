/** Tells who else could change a file: by its mode, or by a folder above it. */

import { lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
/** In a folder with this bit a user can only replace files of his own. */
const STICKY = 0o1000;
const MAX_LINKS = 40;

/** The users besides root, and the groups, that may decide what the agent does. */
export interface Trusted {
  readonly uids: readonly number[];
  readonly gids: readonly number[];
}

/** The user and group of this process; root's group is like root. */
export function ownIdentity(): Trusted {
  return { uids: [process.geteuid?.() ?? -1], gids: [0, process.getegid?.() ?? -1] };
}

/** Whether others than root and `trusted` could put something else in a folder in place of an entry of it. */
export function canReplace(
  folder: Stats,
  entry: Stats | undefined,
  trusted: Trusted = ownIdentity(),
): boolean {
  if (!isTrusted(folder.uid, trusted)) return true;
  if (writer(folder, trusted) === undefined) return false;
  return (folder.mode & STICKY) === 0 || entry === undefined || !isTrusted(entry.uid, trusted);
}

/**
 * Why others than root and `trusted` could change a file, as the rest of a sentence after its name; undefined where
 * they could not. Looks at the file, at each folder above it, and at each link on the way.
 */
export function whoElse(path: string, trusted: Trusted): string | undefined {
  if (process.platform === "win32") return undefined;
  let current = resolve(path);
  for (let links = 0; links <= MAX_LINKS; links++) {
    const found = above(current, trusted);
    if (found === undefined || "reason" in found) return found?.reason;
    current = found.target;
  }
  return "has too many links";
}

/** Of a path, from `/` down: what is wrong with it, or where the first link in it leads. */
function above(
  path: string,
  trusted: Trusted,
): { readonly reason: string } | { readonly target: string } | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  let [folder, here] = [lstatSync("/"), "/"];
  for (const [index, part] of parts.entries()) {
    const next = join(here, part);
    const stat = lstatSync(next, { throwIfNoEntry: false });
    if (canReplace(folder, stat, trusted)) {
      const who = isTrusted(folder.uid, trusted)
        ? writer(folder, trusted) ?? "everybody"
        : `user ${folder.uid}`;
      return { reason: `is in "${here}", where ${who} can replace files` };
    }
    if (stat === undefined) return undefined;
    const which = next === path ? "" : `is in "${next}", which `;
    if (!isTrusted(stat.uid, trusted)) return { reason: `${which}belongs to user ${stat.uid}` };
    if (stat.isSymbolicLink()) {
      return { target: resolve(here, readlinkSync(next), ...parts.slice(index + 1)) };
    }
    const who = next === path && (stat.mode & STICKY) === 0 ? writer(stat, trusted) : undefined;
    if (who !== undefined) return { reason: `can be written by ${who}` };
    [folder, here] = [stat, next];
  }
  return undefined;
}

/** Who owns `/` owns everything, also where that is not user 0: in a user namespace. */
function isTrusted(uid: number, { uids }: Trusted): boolean {
  return uid === 0 || uids.includes(uid) || uid === statSync("/").uid;
}

/** Whom a mode lets write besides the owner. */
function writer({ mode, gid }: Stats, trusted: Trusted): string | undefined {
  if ((mode & OTHERS_WRITE) !== 0) return "everybody";
  if ((mode & GROUP_WRITES) === 0 || trusted.gids.includes(gid)) return undefined;
  return `group ${gid}`;
}
