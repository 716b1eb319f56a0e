/** Users and groups: finding them, and becoming them for good. */

import { chownSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { configError } from "../../core/errors.ts";
import type { Identity } from "../../ports/process.ts";
import { processes } from "../runtime/node_modules.ts";

/** Looks both names up. A user without a group gets its own group. Throws `config` for an unknown name. */
export function findIdentity(user: string, group: string): Identity {
  const account = user === "" ? undefined : entry("passwd", user);
  if (user !== "" && account === undefined) {
    throw configError(`There is no user "${user}" on this host`);
  }
  const team = group === "" ? undefined : entry("group", group);
  if (group !== "" && team === undefined) {
    throw configError(`There is no group "${group}" on this host`);
  }
  const gid = team !== undefined
    ? Number(team[2])
    : account !== undefined
    ? Number(account[3])
    : -1;
  return {
    uid: account === undefined ? -1 : Number(account[2]),
    gid,
    user: account?.[0] ?? "",
    group,
  };
}

function entry(database: "passwd" | "group", name: string): string[] | undefined {
  const find = (text: string) =>
    text.split("\n").map((line) => line.split(":")).find((fields) =>
      fields.length >= 3 && (fields[0] === name || fields[2] === name)
    );
  try {
    const found = find(readFileSync(`/etc/${database}`, "utf8"));
    if (found !== undefined) return found;
  } catch {
    // A minimal host has no such file; a directory service may still know the name.
  }
  return find(
    processes().spawnSync("getent", [database, name], { encoding: "utf8", timeout: 5000 }).stdout ??
      "",
  );
}

/** Makes a folder for a user that is still to be become; one that is there stays as it is. */
export function makeFolder(path: string, { uid, gid }: Identity): void {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true, mode: 0o750 });
  if (uid >= 0 || gid >= 0) chownSync(path, uid, gid);
}

/** Supplementary groups, group, user: in this order, then verified. Throws `config` where it did not take. */
export function become({ uid, gid, user }: Identity): void {
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
      `Cannot become user ${uid}, group ${gid}: only root can; start as that user, without user and group`,
    );
  }
  try {
    dropGroups(own, uid, gid, user);
    if (gid >= 0) own.setgid(gid);
    if (uid >= 0) own.setuid(uid);
  } catch (error) {
    throw configError(`Cannot become user ${uid}, group ${gid}`, error);
  }
  if ((uid >= 0 && getuid() !== uid) || (gid >= 0 && getgid() !== gid)) {
    throw configError(`Became user ${getuid()}, group ${getgid()} instead of ${uid}, ${gid}`);
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
