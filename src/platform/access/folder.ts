/**
 * Finds the folder of a path step by step, each below the descriptor of the one before, so that what was checked is
 * what is used. A link is followed only where root or this process' user must have made it.
 */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  type Stats,
  statSync,
} from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { canReplace } from "./trust.ts";

/** The kernel's O_PATH, which no runtime names: passing through a folder takes no right to read it. */
export const O_PATH = 0o10000000;
const FOLDER = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const MAX_LINKS = 40;

/** A name in a folder that stays the same, whatever becomes of the path that led there. */
export interface Place {
  /** For the calls of node:fs: leads through the folder's descriptor. */
  readonly path: string;
  /** Another name in the same folder. */
  beside(name: string): string;
  /** What has the name, never a link; undefined where nothing has. */
  readonly entry: Stats | undefined;
  /** Others than root and this process' user can put something else there. */
  readonly shared: boolean;
  /** Below /proc, whose links lead to pipes and terminals. */
  readonly inProc: boolean;
  close(): void;
}

/** Makes a folder that is missing at this path, or throws. */
export type MakeFolder = (path: string) => void;

/** Calls `use` with the place of a path, and closes it. Without `make` a missing folder is an error. */
export function withPlace<T>(path: string, use: (place: Place) => T, make?: MakeFolder): T {
  const place = process.platform === "linux" ? walk(path, make) : plain(path, false, make);
  try {
    return use(place);
  } finally {
    place.close();
  }
}

function walk(path: string, make: MakeFolder | undefined): Place {
  const rest = partsOf(resolve(path));
  let folder = openSync("/", FOLDER);
  /** The folder's name, for messages, and to know /proc by. */
  let here = "/";
  let links = 0;
  const at = (name: string) => `/proc/self/fd/${folder}/${name}`;
  const enter = (next: number, name: string) => {
    closeSync(folder);
    [folder, here] = [next, name];
  };
  try {
    for (;;) {
      const name = rest.shift() ?? ".";
      if (here === "/" && name === "proc" && rest.length > 0) {
        closeSync(folder);
        return plain(`/proc/${rest.join("/")}`, true);
      }
      const entry = lstatSync(at(name), { throwIfNoEntry: false });
      const shared = canReplace(fstatSync(folder), entry);
      if (entry?.isSymbolicLink()) {
        if (shared) {
          throw new Error(`the link "${join(here, name)}" is not followed: others can replace it`);
        }
        if (++links > MAX_LINKS) throw new Error("too many symbolic links encountered");
        const target = readlinkSync(at(name));
        rest.unshift(...partsOf(target));
        if (target.startsWith("/")) enter(openSync("/", FOLDER), "/");
      } else if (rest.length === 0) {
        const close = () => closeSync(folder);
        return { path: at(name), beside: at, entry, shared, inProc: false, close };
      } else {
        if (entry === undefined) make?.(at(name));
        enter(openSync(at(name), FOLDER), join(here, name));
      }
    }
  } catch (error) {
    closeSync(folder);
    throw error;
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** By the path alone: below /proc, and on systems without paths through descriptors. */
function plain(path: string, inProc: boolean, make?: MakeFolder): Place {
  const folder = resolve(path, "..");
  if (make !== undefined && statSync(folder, { throwIfNoEntry: false }) === undefined) {
    withPlace(folder, () => make(folder), make);
  }
  const entry = statSync(path, { throwIfNoEntry: false });
  const beside = (name: string) => join(folder, name);
  return { path: resolve(path), beside, entry, shared: false, inProc, close() {} };
}
