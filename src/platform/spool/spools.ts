/**
 * The folder of the spools: one database a handler, and a lock that keeps a second agent out. What is
 * no spool, or a damaged one, is put aside by name, and never in the way.
 */

import { existsSync, mkdirSync, readdirSync, renameSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { Failure, messageOf } from "../../core/errors.ts";
import {
  type Spool,
  type SpoolFolder,
  SpoolInUse,
  type SpoolLog,
  type Spools,
  type SpoolSummary,
} from "../../ports/spool.ts";
import { type DatabaseSync, openDatabase } from "../runtime/sqlite.ts";
import {
  DamagedSpool,
  isDamage,
  openSpoolFile,
  salvage,
  type SpoolFile,
  type SpoolFileSettings,
} from "./spool_file.ts";

const ENDING = ".db";
const ASIDE = ".aside-";
/** Of what was put aside for one handler. */
const MAX_ASIDE = 3;

export function createSpools(settings: SpoolFolder): Spools {
  const { path: folder } = settings;
  const open = new Set<string>();
  let lock: DatabaseSync | undefined;

  return {
    exists: (handler) => existsSync(fileOf(folder, handler)),
    open(handler, log) {
      if (open.has(handler)) throw new SpoolInUse();
      try {
        mkdirSync(folder, { recursive: true, mode: 0o750 });
        lock ??= takeSpoolLock(folder);
        const spool = recovering(
          { ...settings, now: Date.now },
          fileOf(folder, handler),
          log,
          () => open.delete(handler),
        );
        open.add(handler);
        return spool;
      } catch (error) {
        throw error instanceof Failure
          ? error
          : new Failure("undelivered", `Cannot open the spool in "${folder}"`, error);
      }
    },
    handlers: () => existsSync(folder) ? handlersIn(folder) : [],
    close() {
      lock?.close();
      lock = undefined;
    },
  };
}

/** A spool that goes on with what is whole when its file turns out to be damaged. */
function recovering(
  settings: Omit<SpoolFileSettings, "path">,
  path: string,
  log: SpoolLog,
  closed: () => void,
): Spool {
  let file = opened();
  let lost = 0;

  function opened(): SpoolFile {
    try {
      return openSpoolFile({ ...settings, path });
    } catch (error) {
      if (!isDamage(error)) throw error;
      return replaced(error);
    }
  }

  function replaced(error: unknown): SpoolFile {
    const aside = putAside(path);
    const fresh = openSpoolFile({ ...settings, path });
    try {
      salvage(aside, fresh);
    } catch {
      // There is nothing in it that could be read.
    }
    log.warn(
      `The spool "${path}" is put aside as "${aside}": ${messageOf(error)}; ` +
        `${fresh.points} metrics of it were saved`,
    );
    return fresh;
  }

  function guarded<T>(act: (file: SpoolFile) => T): T {
    try {
      return act(file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      const { points, outstanding } = file;
      lost += file.takeDamaged();
      file.close();
      file = replaced(new DamagedSpool(messageOf(error)));
      file.skip(outstanding);
      lost += points - file.points;
      return act(file);
    }
  }

  return {
    get points() {
      return file.points;
    },
    get bytes() {
      return guarded((open) => open.bytes);
    },
    get oldest() {
      return guarded((open) => open.oldest);
    },
    takeDamaged() {
      const told = lost + file.takeDamaged();
      lost = 0;
      return told;
    },
    store: (batch) => guarded((open) => open.store(batch)),
    read: (most) => guarded((open) => open.read(most)),
    skip: (ids) => guarded((open) => open.skip(ids)),
    requeue: (ids) => guarded((open) => open.requeue(ids)),
    ack: (ids) => guarded((open) => open.ack(ids)),
    trim: () => guarded((open) => open.trim()),
    drop: () => guarded((open) => open.drop()),
    close() {
      const isEmpty = file.batches === 0;
      file.close();
      if (isEmpty) removeFile(path);
      closed();
    },
  };
}

/** The spools in a folder, whether an agent uses them or not. Throws `config` where there is no folder. */
export function listSpools(folder: string): SpoolSummary[] {
  return handlersIn(folder).map((handler) => {
    const file = fileOf(folder, handler);
    const bytes = statSync(file).size;
    try {
      const spool = lookInto(folder, handler);
      const { points, batches, oldest, newest } = spool;
      spool.close();
      return { handler, file, bytes, points, batches, oldest, newest };
    } catch (error) {
      return { handler, file, bytes, problem: messageOf(error) };
    }
  });
}

function handlersIn(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(ENDING) && name !== LOCK);
  return files.map((name) => decodeURIComponent(name.slice(0, -ENDING.length))).sort();
}

/** A spool to look at, beside an agent that works with it. */
export function lookInto(folder: string, handler: string): SpoolFile {
  const path = fileOf(folder, handler);
  if (!existsSync(path)) {
    throw new Failure("config", `There is no spool of ${handler} in "${folder}"`);
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
  const db = openDatabase(join(folder, LOCK));
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return db;
  } catch (error) {
    db.close();
    if (isDamage(error)) {
      unlinkSync(join(folder, LOCK));
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

const PARTS = ["", "-wal", "-shm"];

function putAside(path: string): string {
  const stamp = new Date().toISOString().replace(/[:.]/g, "");
  const aside = `${path}${ASIDE}${stamp}`;
  for (const part of PARTS) {
    if (existsSync(path + part)) renameSync(path + part, aside + part);
  }
  const folder = path.slice(0, path.lastIndexOf("/"));
  const all = readdirSync(folder).map((name) => join(folder, name)).filter((name) =>
    name.startsWith(path + ASIDE) && !/-(wal|shm)$/.test(name)
  ).sort();
  for (const old of all.slice(0, -MAX_ASIDE)) removeFile(old);
  return aside;
}

function removeFile(path: string): void {
  for (const part of PARTS) if (existsSync(path + part)) unlinkSync(path + part);
}
