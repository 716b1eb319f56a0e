/**
 * A spool that goes on when its file turns out to be damaged, or is taken away: with what is whole of it,
 * in a new one. What was there is put aside.
 */

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { messageOf } from "../../core/errors.ts";
import type { Spool, SpoolLog } from "../../ports/spool.ts";
import { DamagedSpool, isDamage } from "./spool_damage.ts";
import { openSpoolFile } from "./spool_file.ts";
import type { SpoolFile, SpoolFileSettings } from "./spool_file_contract.ts";
import { salvage } from "./salvage.ts";

const ASIDE = ".aside-";
/** Of what was put aside for one handler. */
const MAX_ASIDE = 3;
/** Between looks whether the file is still there. */
const LOOK_MS = 5000;
const PARTS = ["", "-wal", "-shm"];

/** `closed` is called when its file is. */
export function openRecovering(
  settings: SpoolFileSettings,
  log: SpoolLog,
  closed: () => void,
): Spool {
  const spool = new RecoveringSpool(settings, log, closed);
  return spool;
}

class RecoveringSpool implements Spool {
  readonly #settings: SpoolFileSettings;
  readonly #log: SpoolLog;
  readonly #closed: () => void;
  #file: SpoolFile;
  #inode: number | undefined;
  #lookedAt = 0;
  #lost = 0;

  constructor(settings: SpoolFileSettings, log: SpoolLog, closed: () => void) {
    this.#settings = settings;
    this.#log = log;
    this.#closed = closed;
    for (const part of PARTS) this.#clearWay(settings.path + part);
    this.#file = this.#open();
    this.#note();
  }

  get points(): number {
    return this.#file.points;
  }

  get bytes(): number {
    return this.#guarded((open) => open.bytes);
  }

  get oldest(): number | undefined {
    return this.#guarded((open) => open.oldest);
  }

  takeDamaged(): number {
    const told = this.#lost + this.#file.takeDamaged();
    this.#lost = 0;
    return told;
  }

  store(batch: Parameters<Spool["store"]>[0]): number {
    this.#look();
    return this.#guarded((open) => open.store(batch));
  }

  read(most: number): ReturnType<Spool["read"]> {
    return this.#guarded((open) => open.read(most));
  }

  skip(ids: readonly number[]): void {
    this.#guarded((open) => open.skip(ids));
  }

  requeue(ids: readonly number[]): void {
    this.#guarded((open) => open.requeue(ids));
  }

  ack(ids: readonly number[]): void {
    this.#guarded((open) => open.ack(ids));
  }

  trim(): ReturnType<Spool["trim"]> {
    return this.#guarded((open) => open.trim());
  }

  drop(): number {
    return this.#guarded((open) => open.drop());
  }

  close(): void {
    const { path } = this.#settings;
    const isEmpty = this.#file.batches === 0;
    try {
      if (!isEmpty) this.#look(0);
    } catch {
      // There is no place for it; the ledger of the next start counts what is missing.
    }
    this.#file.close();
    if (isEmpty) removeFile(path);
    this.#closed();
  }

  #guarded<T>(act: (file: SpoolFile) => T): T {
    try {
      return act(this.#file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      const before = this.#file;
      const after = this.#replaced(new DamagedSpool(messageOf(error)));
      this.#lost += before.takeDamaged();
      before.close();
      this.#goOn(before, after);
      return act(this.#file);
    }
  }

  #goOn(before: SpoolFile, file: SpoolFile): void {
    const { points } = before;
    this.#file = file;
    file.hold(before.outstanding);
    this.#lost += points - file.points;
    this.#note();
  }

  #open(): SpoolFile {
    try {
      return openSpoolFile(this.#settings);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return this.#replaced(error);
    }
  }

  #replaced(error: unknown): SpoolFile {
    const { path } = this.#settings;
    const aside = putAside(path);
    const fresh = openSpoolFile(this.#settings);
    salvage(aside, fresh);
    this.#log.warn(
      `The spool "${path}" is put aside as "${aside}": ${messageOf(error)}; ` +
        `${fresh.points} metrics of it were saved`,
    );
    return fresh;
  }

  /** What was stored in a file that has lost its name is kept in another one, while it can still be read. */
  #look(ms = LOOK_MS): void {
    const now = performance.now();
    if (now - this.#lookedAt < ms) return;
    this.#lookedAt = now;
    const { path } = this.#settings;
    if (this.#inode === undefined || inodeOf(path) === this.#inode) return;
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    if (existsSync(path)) putAside(path);
    for (const part of PARTS.slice(1)) rmSync(path + part, { force: true });
    const fresh = openSpoolFile(this.#settings);
    this.#file.copyTo(fresh);
    this.#file.close();
    this.#goOn(this.#file, fresh);
    this.#log.warn(`The spool "${path}" was taken away; ${fresh.points} metrics of it were kept`);
  }

  #note(): void {
    this.#inode = inodeOf(this.#settings.path);
    this.#lookedAt = performance.now();
  }

  /** A folder, a pipe or a link is not a spool, and opening it may hang. */
  #clearWay(path: string): void {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || found.isFile()) return;
    const aside = path + ASIDE + stamp();
    renameSync(path, aside);
    this.#log.warn(`"${path}" is not a file, and is put aside as "${aside}"`);
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.ino;
  } catch {
    // Its folder is none any more.
    return undefined;
  }
}

function stamp(): string {
  return new Date().toISOString().replace(/[:.]/g, "");
}

function putAside(path: string): string {
  const aside = path + ASIDE + stamp();
  for (const part of PARTS) {
    if (existsSync(path + part)) renameSync(path + part, aside + part);
  }
  const folder = dirname(path);
  const all = readdirSync(folder).filter((name) =>
    name.startsWith(basename(path) + ASIDE) && !/-(wal|shm)$/.test(name)
  ).sort();
  for (const old of all.slice(0, -MAX_ASIDE)) removeFile(join(folder, old));
  return aside;
}

function removeFile(path: string): void {
  for (const part of PARTS) {
    try {
      rmSync(path + part, { force: true, recursive: true });
    } catch {
      // Its folder is none any more, or may not be written: an empty spool does no harm.
    }
  }
}
