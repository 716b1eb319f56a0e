/** Becoming another user and group, for good. */

import process from "node:process";
import { configError } from "../../core/errors.ts";
import type { Identity } from "../../ports/process.ts";
import { everyFar } from "../far/far.ts";
import { ownAuxv } from "../memory/auxv.ts";

/** This process, and those that work on files for it. Throws `config` where it did not take. */
export function become(identity: Identity): void {
  for (const far of everyFar()) if (far.isRunning) far.call("become", identity);
  becomeHere(identity);
}

/** Supplementary groups, group, user: in this order, then verified. */
function becomeHere({ uid, gid, user }: Identity): void {
  const own = process as PrivilegedProcess;
  const { getuid, getgid } = own;
  if (
    getuid === undefined || getgid === undefined || own.setuid === undefined ||
    own.setgid === undefined
  ) return;
  const [isUid, isGid] = [getuid(), getgid()];
  if (isUid !== 0) {
    if ((uid < 0 || uid === isUid) && (gid < 0 || gid === isGid)) return;
    throw configError(
      `cannot become user ${uid}, group ${gid}: only root can; start as that user, without user and group`,
    );
  }
  // Afterwards the kernel shows it to root alone.
  ownAuxv();
  try {
    dropGroups(own, uid, gid, user);
    if (gid >= 0) own.setgid(gid);
    if (uid >= 0) own.setuid(uid);
  } catch (error) {
    throw configError(`cannot become user ${uid}, group ${gid}`, error);
  }
  if ((uid >= 0 && getuid() !== uid) || (gid >= 0 && getgid() !== gid)) {
    throw configError(`became user ${getuid()}, group ${getgid()} instead of ${uid}, ${gid}`);
  }
}

/** Root's supplementary groups must not stay with the new user. */
function dropGroups(own: PrivilegedProcess, uid: number, gid: number, user: string): void {
  if (gid < 0) return;
  if (uid >= 0 && own.initgroups !== undefined) {
    own.initgroups(user, gid);
  } else if (own.setgroups !== undefined) {
    own.setgroups([gid]);
  } else if ((own.getgroups?.() ?? []).some((other) => other !== gid)) {
    throw new Error(
      "this runtime cannot give up root's supplementary groups: use the executable, or start as the user",
    );
  }
}

/** Deno has neither of the two, and the types of the one are missing. */
type PrivilegedProcess = Omit<NodeJS.Process, "setgroups"> & {
  initgroups?(user: string, extra: number): void;
  setgroups?(groups: readonly (string | number)[]): void;
};
