/**
 * The pid file, and the lock that goes with it. The file is for init scripts; the lock is what keeps
 * a second instance out, also when the file is stale or gone: the kernel releases it with the process.
 */

import { closeSync, constants, ftruncateSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import process from "node:process";
import { codeOf, configError } from "../../core/errors.ts";
import { lockName } from "./lock.ts";
import { processes } from "../runtime/node_modules.ts";
import { withPlace } from "../access/folder.ts";
import { farFor } from "../far/far.ts";
import {
  openRegular,
  type Owner,
  readRegularText,
  removeIf,
  replaceFile,
} from "../access/safe_open.ts";

/** A number and a line break; what is larger is another program's file. */
const MAX_BYTES = 64;
const MODE = 0o644;
/** An interpreter, its options, and the script. */
const FIRST_WORDS = 4;

/**
 * Throws where the file names a process of this agent's, or of Diamond's, or is not a pid file. `isLocked`: no other
 * agent has this path. Otherwise removes the file, and returns which process it named.
 */
export function checkPidFile(path: string, isLocked: boolean): string | undefined {
  const pid = readPid(path);
  if (pid === undefined || pid === process.pid) return undefined;
  const words = isAlive(pid) ? wordsOf(pid) : [];
  // Where that cannot be found out, it counts as one.
  const isDiamond = words === undefined || words.some((word) => /^diamond(\.py)?$/.test(word));
  const isAgent = words?.some((word) => word.startsWith("diamond-agent")) === true;
  if (isDiamond || (isAgent && !isLocked)) {
    throw alreadyRunning(path, pid);
  }
  removePid(path);
  return isAlive(pid) ? `process ${pid}, which is another program` : `the dead process ${pid}`;
}

/** Throws `config` where it cannot. */
export function writePidFile(path: string, owner: Owner): void {
  try {
    readPid(path);
    replaceFile(path, `${process.pid}\n`, { mode: MODE, owner });
  } catch (error) {
    throw configError(
      `cannot write the pid file "${path}" (-p names another, --skip-pidfile does without)`,
      error,
    );
  }
}

/** Removes the file if it is ours. */
export function removePidFile(path: string): void {
  try {
    if (readPid(path) === process.pid) removePid(path);
  } catch {
    // The next start finds it stale.
  }
}

export function removePid(path: string): void {
  const far = farFor(path);
  if (far !== undefined) return void far.call("removePid", path);
  try {
    removeIf(path, (entry) => entry.isFile());
  } catch {
    // Its directory may belong to root, the file itself is ours: an empty one is as good as none.
    withPlace(path, ({ path, entry }) => {
      if (entry === undefined) return;
      const descriptor = openRegular(path, entry, constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0));
      ftruncateSync(descriptor);
      closeSync(descriptor);
    });
  }
}

/**
 * Takes the lock for a pid file's path, for as long as this process lives. Throws when another process has it. False
 * on systems without such locks, where the pid file alone must do.
 */
export async function takeLock(path: string): Promise<boolean> {
  const isOurs = await lockName(resolve(path));
  if (isOurs !== false) return isOurs === true;
  const pid = readPid(path);
  if (pid !== undefined && isAlive(pid)) throw alreadyRunning(path, pid);
  throw configError(`already running: another instance holds the lock of "${path}"`);
}

/** Names of programs that a process was started with; undefined where the system does not tell. */
function wordsOf(pid: number): string[] | undefined {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    if (process.platform === "win32") return undefined;
    const asked = processes().spawnSync("ps", ["-p", String(pid), "-o", "args="], {
      encoding: "utf8",
      timeout: 5000,
    });
    if (asked.status !== 0) return undefined;
    line = asked.stdout;
  }
  return line.split(/[\0 \n]/).slice(0, FIRST_WORDS).map((word) => basename(word));
}

/** The process that the file names; undefined where there is none. Throws where it is not a pid file. */
function readPid(path: string): number | undefined {
  try {
    const text = readRegularText(path, MAX_BYTES).trim();
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES") return undefined;
    if (codeOf(error) === "timeout") {
      throw configError(`cannot read the pid file "${path}" (-p names another)`, error);
    }
    throw configError(`"${path}" is not a pid file (-p names another)`, error);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function alreadyRunning(path: string, pid: number): Error {
  return configError(`already running: "${path}" names the live process ${pid}`);
}
