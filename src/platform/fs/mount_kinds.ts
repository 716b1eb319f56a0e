/** File systems that need a server or another program: they can stop answering, and whoever waits then hangs. */

import { readFileSync, readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { mountPath } from "../../formats/mount_table.ts";

const CAN_HANG =
  /(?:^| )(nfs|cifs|smb|fuse|autofs|sshfs|gluster|ceph|lustre|gpfs|afs|9p|ncpfs|davfs|ocfs|gfs)/;

/** The mounts are read again after so long. */
const FRESH_MS = 1000;
const MAX_LINKS = 40;

interface HangingMount {
  readonly point: string;
  /** The type of its file system. */
  readonly kind: string;
}

type Table = readonly HangingMount[];

/** Whether one of some types, separated by blanks, can. */
export function canHang(kinds: string): boolean {
  return CAN_HANG.test(kinds);
}

/** The first type on the way to a path that can hang. The path itself is not touched: it might. */
export function hangingKind(path: string): string | undefined {
  return mountOnTheWay(path, mountsThatCanHang())?.kind;
}

/** The same for many paths, by one look at the mounts. */
export function hangingKinds(): (path: string) => string | undefined {
  const table = mountsThatCanHang();
  return (path) => mountOnTheWay(path, table)?.kind;
}

let known: { readonly table: Table; readonly at: number } | undefined;

/** The mount that can hang on the way to a path. Links are followed up to it. The mounts are at most a second old. */
export function hangingMount(path: string): HangingMount | undefined {
  const now = performance.now();
  if (known === undefined || now - known.at > FRESH_MS) {
    known = { table: mountsThatCanHang(), at: now };
  }
  const { table } = known;
  return table.length === 0 ? undefined : mountBehindLinks(path, table);
}

function mountsThatCanHang(): Table {
  let mounts: string;
  try {
    mounts = readFileSync("/proc/self/mounts", "utf8");
  } catch {
    return [];
  }
  const kinds = new Map<string, string>();
  for (const line of mounts.split("\n")) {
    const [, point = "", kind = ""] = line.split(" ");
    // What is mounted later hides what was there.
    kinds.set(mountPath(point).replace(/\/*$/, "/"), kind);
  }
  return [...kinds].filter(([folder, kind]) => folder !== "/" && canHang(kind)).map((
    [folder, kind],
  ) => ({ point: folder.slice(0, -1), kind }));
}

function mountOnTheWay(path: string, table: Table): HangingMount | undefined {
  const full = `${resolve(path)}/`;
  return table.find(({ point }) => full.startsWith(`${point}/`));
}

function mountBehindLinks(path: string, table: Table): HangingMount | undefined {
  let rest = resolve(path).split("/").slice(1);
  let here = "/";
  let links = 0;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === "..") here = dirname(here);
    if (name === ".." || name === "." || name === "") continue;
    const next = join(here, name);
    const found = mountOnTheWay(next, table);
    if (found !== undefined) return found;
    const target = targetOf(next);
    if (target === undefined) here = next;
    else if (++links > MAX_LINKS) return undefined;
    else {
      rest = [...target.split("/"), ...rest];
      if (target.startsWith("/")) here = "/";
    }
  }
  return undefined;
}

/** Undefined where it is not a link. */
function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
