/**
 * The folder of the spools: one database a handler, and a lock that keeps a second agent out. What is
 * no spool, or a damaged one, is put aside by name, and never in the way.
 */

import { existsSync, lstatSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure, messageOf } from "../../core/errors.ts";
import { type SpoolFolder, SpoolInUse, type Spools, type SpoolSummary } from "../../ports/spool.ts";
import { makeFolder } from "../access/safe_open.ts";
import { askFirst, farFor } from "../far/far.ts";
import { type DatabaseSync, openDatabase } from "../runtime/sqlite.ts";
import { openRecovering } from "./recovering_spool.ts";
import { farSpools } from "./far_spools.ts";
import { isDamage } from "./spool_damage.ts";
import { openSpoolFile } from "./spool_file.ts";
import type { SpoolFile } from "./spool_file_contract.ts";

const ENDING = ".db";
/** The agent has its user already. */
const OWN = { uid: -1, gid: -1 };

export function createSpools(settings: SpoolFolder): Spools {
  const far = farFor(settings.path);
  return far === undefined ? spoolsHere(settings) : farSpools(far, settings);
}

function spoolsHere(settings: SpoolFolder): Spools {
  const { path: folder } = settings;
  const open = new Set<string>();
  let lock: DatabaseSync | undefined;

  return {
    exists: (handler) => existsSync(fileOf(folder, handler)),
    open(handler, log) {
      if (open.has(handler)) throw new SpoolInUse();
      try {
        makeFolder(folder, 0o750, OWN);
        lock ??= takeSpoolLock(folder);
        const file = { ...settings, path: fileOf(folder, handler), now: Date.now };
        const spool = openRecovering(file, log, () => open.delete(handler));
        open.add(handler);
        return spool;
      } catch (error) {
        throw error instanceof Failure
          ? error
          : new Failure("undelivered", `cannot open the spool in "${folder}"`, error);
      }
    },
    handlers() {
      try {
        return handlersIn(folder);
      } catch {
        // There is no such folder, or it cannot be read: opening a spool in it reports that.
        return [];
      }
    },
    close() {
      lock?.close();
      lock = undefined;
    },
  };
}

/** The spools in a folder, whether an agent uses them or not. Throws the system's error where it cannot be read. */
export function listSpools(folder: string): SpoolSummary[] {
  askFirst(folder);
  return handlersIn(folder).flatMap((handler): SpoolSummary[] => {
    const file = fileOf(folder, handler);
    let bytes = 0;
    try {
      const there = statSync(file, { throwIfNoEntry: false });
      // The agent has delivered it meanwhile.
      if (there === undefined) return [];
      bytes = there.size;
      const spool = lookInto(folder, handler);
      const { points, batches, oldest, newest } = spool;
      spool.close();
      return [{ handler, file, bytes, points, batches, oldest, newest }];
    } catch (error) {
      return [{ handler, file, bytes, problem: messageOf(error) }];
    }
  });
}

function handlersIn(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(ENDING) && name !== LOCK);
  return files.map((name) => handlerOf(name.slice(0, -ENDING.length))).filter((name) =>
    name !== undefined
  ).sort();
}

/** Undefined where no handler's spool is called so. */
function handlerOf(name: string): string | undefined {
  try {
    const handler = decodeURIComponent(name);
    return encodeURIComponent(handler) === name ? handler : undefined;
  } catch {
    return undefined;
  }
}

/** A spool to look at, beside an agent that works with it. */
export function lookInto(folder: string, handler: string): SpoolFile {
  askFirst(folder);
  const path = fileOf(folder, handler);
  if (!existsSync(path)) {
    throw new Failure("config", `there is no spool of ${handler} in "${folder}"`);
  }
  return openSpoolFile({
    path,
    readOnly: true,
    maxBytes: Infinity,
    maxAge: Infinity,
    sync: "process",
    now: Date.now,
  });
}

const LOCK = `lock${ENDING}`;

/** The kernel lets it go with the process, also across containers that share the folder. */
function takeSpoolLock(folder: string): DatabaseSync {
  const path = join(folder, LOCK);
  const found = lstatSync(path, { throwIfNoEntry: false });
  // A pipe, a link or a folder in its place locks nothing.
  if (found !== undefined && !found.isFile()) rmSync(path, { recursive: true });
  const db = openDatabase(path);
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return db;
  } catch (error) {
    db.close();
    if (isDamage(error)) {
      rmSync(path);
      return takeSpoolLock(folder);
    }
    if (/locked/.test(messageOf(error))) {
      throw new Failure("undelivered", `Another agent uses the spool in "${folder}"`, error);
    }
    throw error;
  }
}

/** Names of handlers may have blanks and colons. */
function fileOf(folder: string, handler: string): string {
  return join(folder, encodeURIComponent(handler) + ENDING);
}
