/**
 * The file of the history: one SQLite database. Blocks are rows of gzip, whose checksum shows damage. WAL without a
 * sync at each commit, so that a kill loses nothing that was committed.
 */

import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { configError, messageOf, undelivered } from "../../core/errors.ts";
import type { Block, BlockInfo, BlockKind, HistoryFile } from "../../ports/history.ts";
import type { Log } from "../../ports/log.ts";
import { zlib } from "../runtime/node_modules.ts";
import { type DatabaseSync, openDatabase } from "../runtime/sqlite.ts";

/** "DAHI", so that a foreign database is known. */
const APPLICATION_ID = 0x44414849;
const VERSION = 1;
/** Rows that go at a time when the file is over its bound. */
const TRIM_ROWS = 8;
const KINDS: readonly BlockKind[] = ["minute", "merged", "summary"];
const SELECT_BLOCKS = `SELECT id, first AS "from", last AS "to", points FROM block
  WHERE kind = ? AND last >= ? AND first <= ? ORDER BY first`;
const CORRUPT = /malformed|not a database|corrupt/i;

const SCHEMA = `
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA journal_size_limit = 4194304;
  PRAGMA cache_size = -1024;
  PRAGMA busy_timeout = 1000;
  CREATE TABLE IF NOT EXISTS block (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, first INTEGER NOT NULL,
    last INTEGER NOT NULL, points INTEGER NOT NULL, data BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS block_time ON block (kind, first);
  CREATE TABLE IF NOT EXISTS path (
    number INTEGER PRIMARY KEY, path TEXT NOT NULL, seen INTEGER NOT NULL);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION}`;

/** Opens or makes the file. One that is damaged is put aside, and a new one begins. Throws `config`. */
export function openHistoryFile(path: string, log: Log): HistoryFile {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw configError(`cannot make the folder of "${path}"`, error);
  }
  return new SqliteHistory(path, log);
}

class SqliteHistory implements HistoryFile {
  readonly #path: string;
  readonly #log: Log;
  #db: DatabaseSync;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    try {
      this.#db = openChecked(path);
    } catch (error) {
      if (!isDamage(error)) throw configError(`cannot open the history in "${path}"`, error);
      this.#db = this.#beginAgain(error);
    }
  }

  get bytes(): number {
    return this.#guarded(usedBytes);
  }

  get points(): number {
    return this.#guarded((db) => number(db, "SELECT sum(points) FROM block"));
  }

  get oldest(): number | undefined {
    return this.#guarded((db) => value(db, "SELECT min(first) FROM block")) ?? undefined;
  }

  *paths(): Generator<readonly [number: number, path: string]> {
    const rows = this.#guarded((db) => db.prepare("SELECT number, path FROM path").all());
    for (const { number, path } of rows as unknown as { number: number; path: string }[]) {
      yield [number, path];
    }
  }

  append(block: BlockInfo, data: Uint8Array, paths: ReadonlyMap<number, string>): void {
    this.#transaction((db) => {
      insert(db, block, data);
      const add = db.prepare("INSERT OR REPLACE INTO path VALUES (?, ?, ?)");
      for (const [number, path] of paths) add.run(number, path, block.to);
    });
  }

  replace(
    ids: readonly number[],
    blocks: readonly { readonly info: BlockInfo; readonly data: Uint8Array }[],
    numbers: readonly number[],
  ): void {
    this.#transaction((db) => {
      const remove = db.prepare("DELETE FROM block WHERE id = ?");
      for (const id of ids) remove.run(id);
      for (const { info, data } of blocks) insert(db, info, data);
      const see = db.prepare("UPDATE path SET seen = max(seen, ?) WHERE number = ?");
      const last = Math.max(0, ...blocks.map(({ info }) => info.to));
      for (const number of numbers) see.run(last, number);
    });
  }

  blocks(kind: BlockKind, from: number, to: number): Block[] {
    const rows = this.#guarded((db) =>
      db.prepare(SELECT_BLOCKS).all(KINDS.indexOf(kind), finite(from), finite(to))
    );
    return rows.map((row) => ({ ...row as unknown as Omit<Block, "kind">, kind }));
  }

  read({ id }: Block): Uint8Array | undefined {
    const row = this.#guarded((db) => db.prepare("SELECT data FROM block WHERE id = ?").get(id));
    return row && unpacked((row as unknown as { data: Uint8Array }).data);
  }

  trim(maxBytes: number, oldest: number): readonly number[] {
    return this.#guarded((db) => trimFile(db, maxBytes, oldest));
  }

  close(): void {
    this.#db.close();
  }

  #transaction(act: (db: DatabaseSync) => void): void {
    this.#guarded((db) => {
      db.exec("BEGIN IMMEDIATE");
      try {
        act(db);
        db.exec("COMMIT");
      } catch (error) {
        // SQLite may have ended it already, on a full disk for example.
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
    });
  }

  /** Runs something that reads or writes. Throws `undelivered`. */
  #guarded<T>(act: (db: DatabaseSync) => T): T {
    try {
      return act(this.#db);
    } catch (error) {
      if (isDamage(error)) {
        this.#db.close();
        this.#db = this.#beginAgain(error);
      }
      throw undelivered(`cannot use the history in "${this.#path}"`, error);
    }
  }

  /** Puts the damaged file aside. */
  #beginAgain(reason: unknown): DatabaseSync {
    const path = this.#path;
    const aside = `${path}.damaged-${Date.now()}`;
    for (const end of ["", "-wal", "-shm"]) {
      if (existsSync(path + end)) renameSync(path + end, aside + end);
    }
    const why = messageOf(reason);
    this.#log.warn(`The history in "${path}" is damaged (${why}); it is now "${aside}"`);
    return openChecked(path);
  }
}

function isDamage(error: unknown): boolean {
  return CORRUPT.test(messageOf(error));
}

function openChecked(path: string): DatabaseSync {
  const db = openDatabase(path);
  try {
    const id = number(db, "PRAGMA application_id");
    const version = number(db, "PRAGMA user_version");
    if (id !== 0 && (id !== APPLICATION_ID || version !== VERSION)) {
      throw new Error("it is another program's database, or another version's");
    }
    db.exec(SCHEMA);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function insert(db: DatabaseSync, { kind, from, to, points }: BlockInfo, data: Uint8Array): void {
  db.prepare("INSERT INTO block (kind, first, last, points, data) VALUES (?, ?, ?, ?, ?)")
    .run(KINDS.indexOf(kind), from, to, points, zlib().gzipSync(data));
}

function unpacked(data: Uint8Array): Uint8Array | undefined {
  try {
    return zlib().gunzipSync(data);
  } catch {
    return undefined;
  }
}

function trimFile(db: DatabaseSync, maxBytes: number, oldest: number): readonly number[] {
  let removed = Number(db.prepare("DELETE FROM block WHERE last < ?").run(oldest).changes);
  while (usedBytes(db) > maxBytes) {
    const { changes } = db.prepare(
      "DELETE FROM block WHERE id IN (SELECT id FROM block ORDER BY first LIMIT ?)",
    ).run(TRIM_ROWS);
    if (Number(changes) === 0) break;
    removed += Number(changes);
  }
  if (removed === 0) return [];
  db.exec("PRAGMA incremental_vacuum");
  const left = value(db, "SELECT min(first) FROM block") ?? 0;
  const gone = db.prepare("DELETE FROM path WHERE seen < ? RETURNING number").all(left);
  return (gone as unknown as { number: number }[]).map(({ number }) => number);
}

/** Pages in use: those of the journal go into free ones. */
function usedBytes(db: DatabaseSync): number {
  const pages = number(db, "PRAGMA page_count") - number(db, "PRAGMA freelist_count");
  return pages * number(db, "PRAGMA page_size");
}

function value(db: DatabaseSync, sql: string): number | null {
  const row = db.prepare(sql).get() as Record<string, number | null> | undefined;
  return Object.values(row ?? {})[0] ?? null;
}

function number(db: DatabaseSync, sql: string): number {
  return value(db, sql) ?? 0;
}

/** SQLite has no infinity as a number of rows. */
function finite(seconds: number): number {
  return Math.max(-1e15, Math.min(1e15, seconds));
}
