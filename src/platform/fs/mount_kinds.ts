/** File systems that need a server or another program: they can stop answering, and whoever waits then hangs. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const CAN_HANG =
  /(?:^| )(nfs|cifs|smb|fuse|autofs|sshfs|gluster|ceph|lustre|gpfs|afs|9p|ncpfs|davfs|ocfs|gfs)/;

/** Whether one of some types, separated by blanks, can. */
export function canHang(kinds: string): boolean {
  return CAN_HANG.test(kinds);
}

/** The first type on the way to a path that can hang. The path itself is not touched: it might. */
export function hangingKind(path: string): string | undefined {
  return hangingKinds()(path);
}

/** The same for many paths, by one look at the mounts. */
export function hangingKinds(): (path: string) => string | undefined {
  let mounts: string;
  try {
    mounts = readFileSync("/proc/self/mounts", "utf8");
  } catch {
    return () => undefined;
  }
  return (path) => kindOnTheWay(path, mounts);
}

function kindOnTheWay(path: string, mounts: string): string | undefined {
  const full = `${resolve(path)}/`;
  const onTheWay = new Map<string, string>();
  for (const line of mounts.split("\n")) {
    const [, point = "", kind = ""] = line.split(" ");
    const folder = point.replace(/\\040/g, " ").replace(/\/*$/, "/");
    // What is mounted later hides what was there.
    if (full.startsWith(folder)) onTheWay.set(folder, kind);
  }
  return [...onTheWay].filter(([folder]) => folder !== "/").map(([, kind]) => kind).find(canHang);
}
