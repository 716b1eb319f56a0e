/**
 * A spool: one SQLite database. Batches are rows of gzip, whose checksum shows damage; their series are in a
 * table of their own, since each batch has much the same ones. WAL without a sync at each commit: a commit
 * survives a kill. With `power` each commit is synced, and survives the loss of power too.
 */

import type { Metric } from "../../core/metric.ts";
import { decodeBatch, encodeBatch } from "../../formats/spool_batch.ts";
import { MAX_PER_WRITE, type SpooledBatch } from "../../ports/spool.ts";
import { zlib } from "../runtime/node_modules.ts";
import { type DatabaseSync, openDatabase, type StatementSync } from "../runtime/sqlite.ts";
import { salvageOpen } from "./salvage.ts";
import { checkOrigin, DamagedSpool, damageOf, isDamage, LOST_ROWS } from "./spool_damage.ts";
import type { BatchRow, SpoolFile, SpoolFileSettings } from "./spool_file_contract.ts";
import { SpoolRemoval } from "./spool_removal.ts";
import { unpackRow } from "./spool_row.ts";
import { SpoolSeries } from "./spool_series.ts";
import { type Statements, statements } from "./spool_statements.ts";

interface Total {
  readonly points: number;
  readonly batches: number;
  /** Rows that do not lie in the order of their numbers. */
  readonly disorder: number;
}

/** Rows that are dropped at a time when the file is over its bound. */
const TRIM_ROWS = 16;

/** Throws `DamagedSpool` where it is not a spool, or not one of this version. */
export function openSpoolFile(settings: SpoolFileSettings): SpoolFile {
  const { path, sync, readOnly = false } = settings;
  const db = openDatabase(path, readOnly);
  try {
    // Making the file takes a dozen syncs, and thirty files would hold up a tick.
    const first = sync === "power" ? "FULL" : "OFF";
    db.exec(`PRAGMA busy_timeout = 250; PRAGMA synchronous = ${first}`);
    checkOrigin(db, readOnly);
    if (!readOnly) {
      db.exec(`PRAGMA journal_mode = WAL;
        PRAGMA journal_size_limit = 4194304;
        CREATE TABLE IF NOT EXISTS batch (
          id INTEGER PRIMARY KEY AUTOINCREMENT, points INTEGER NOT NULL,
          oldest INTEGER NOT NULL, newest INTEGER NOT NULL, data BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS series (
          id INTEGER PRIMARY KEY, fields TEXT NOT NULL, mark INTEGER NOT NULL);
        PRAGMA synchronous = ${sync === "power" ? "FULL" : "NORMAL"}`);
    }
    return new OpenSpool(db, settings);
  } catch (error) {
    db.close();
    throw damageOf(error);
  }
}

class OpenSpool implements SpoolFile {
  readonly #db: DatabaseSync;
  readonly #settings: SpoolFileSettings;
  readonly #sql: Statements;
  readonly #series: SpoolSeries;
  readonly #removal: SpoolRemoval;
  /** Batches that were read or sent from memory, with their points. */
  readonly #out = new Map<number, number>();
  /** What was found in batches whose count was wrong. */
  readonly #corrected = new Map<number, number>();
  /** Batches that are out, and that a damaged file has lost meanwhile. */
  readonly #ghosts = new Set<number>();
  #points: number;
  #batches: number;
  /** The last row that was read. */
  #cursor = 0;
  #damaged = 0;

  constructor(db: DatabaseSync, settings: SpoolFileSettings) {
    this.#db = db;
    this.#settings = settings;
    this.#sql = statements(db);
    const { points, batches, disorder } = this.#sql.total.get(MAX_PER_WRITE) as unknown as Total;
    if (disorder > 0) throw new DamagedSpool(LOST_ROWS);
    this.#points = points;
    this.#batches = batches;
    this.#series = new SpoolSeries(db, this.#sql);
    this.#removal = new SpoolRemoval(db, this.#sql);
  }

  get points(): number {
    return this.#points;
  }

  get batches(): number {
    return this.#batches;
  }

  get bytes(): number {
    return this.#sql.bytes.get()!.bytes as number;
  }

  get oldest(): number | undefined {
    return edge(this.#sql.first);
  }

  get newest(): number | undefined {
    return edge(this.#sql.last);
  }

  get outstanding(): ReadonlyMap<number, number> {
    return this.#out;
  }

  takeDamaged(): number {
    const damaged = this.#damaged;
    this.#damaged = 0;
    return damaged;
  }

  store(batch: readonly Metric[]): number {
    const hasNewSeries = !this.#series.hasAll(batch);
    if (hasNewSeries) this.#db.exec("BEGIN");
    try {
      const id = this.#add(batch);
      if (hasNewSeries) this.#db.exec("COMMIT");
      this.#points += batch.length;
      this.#batches++;
      return id;
    } catch (error) {
      if (hasNewSeries) {
        this.#series.takeBack(batch);
        try {
          this.#db.exec("ROLLBACK");
        } catch {
          // SQLite has done it already.
        }
      }
      throw error;
    }
  }

  read(most: number): SpooledBatch | undefined {
    /** Of this batch; they are out when it is complete. */
    const taken = new Map<number, number>();
    let metrics: Metric[] = [];
    for (;;) {
      const row = this.#sql.next.get(this.#cursor) as BatchRow | undefined;
      if (row === undefined) {
        if (taken.size === 0 && this.#batches > this.#out.size) throw new DamagedSpool(LOST_ROWS);
        break;
      }
      if (row.id <= this.#cursor) throw new DamagedSpool(LOST_ROWS);
      if (this.#out.has(row.id) || this.#removal.has(row.id)) {
        this.#cursor = row.id;
        continue;
      }
      if (taken.size > 0 && metrics.length + row.points > most) break;
      const found = this.#readable(row);
      this.#cursor = row.id;
      this.#correct(row, found.length);
      if (found.length === 0) {
        this.#removal.remove([row.id]);
        this.#batches--;
        continue;
      }
      taken.set(row.id, found.length);
      metrics = taken.size === 1 ? found : metrics.concat(found);
    }
    for (const [id, count] of taken) this.#out.set(id, count);
    return taken.size === 0 ? undefined : { ids: [...taken.keys()], metrics };
  }

  skip(ids: readonly number[]): void {
    for (const id of ids) {
      const held = this.#pointsOf(id);
      if (held !== undefined) this.#out.set(id, held);
    }
  }

  requeue(ids: readonly number[]): void {
    for (const id of ids) {
      if (this.#ghosts.has(id)) this.#loseGhost(id);
      this.#out.delete(id);
      this.#cursor = Math.min(this.#cursor, id - 1);
    }
  }

  /** What was saved of a damaged file may lack some of them. */
  ack(ids: readonly number[]): void {
    this.#forget(ids.filter((id) => this.#out.has(id) || this.#pointsOf(id) !== undefined));
  }

  trim(): { full: number; expired: number } {
    const { now, maxAge, maxBytes } = this.#settings;
    const gone = { full: 0, expired: 0 };
    const limit = now() / 1000 - maxAge;
    for (;;) {
      const rows = this.#oldestRows(TRIM_ROWS + this.#out.size)
        .filter(({ id }) => !this.#removal.has(id)).slice(0, TRIM_ROWS);
      const isFull = this.bytes > maxBytes;
      const going = isFull ? rows : rows.filter(({ newest }) => newest < limit);
      if (going.length === 0) return gone;
      const sum = going.reduce((total, row) => total + this.#countOf(row), 0);
      gone[isFull ? "full" : "expired"] += sum;
      this.#forget(going.map(({ id }) => id));
    }
  }

  drop(): number {
    const before = this.#points;
    this.#forget(this.#oldestRows(-1).map(({ id }) => id));
    return before - this.#points;
  }

  hold(outstanding: ReadonlyMap<number, number>): void {
    for (const [id, count] of outstanding) {
      const held = this.#pointsOf(id);
      this.#out.set(id, count);
      this.#points += count - (held ?? 0);
      if (held !== undefined) continue;
      this.#ghosts.add(id);
      this.#batches++;
    }
  }

  copyTo(other: SpoolFile): void {
    salvageOpen(this.#db, other);
  }

  adopt(
    { id, points, oldest, newest, data }: Omit<BatchRow, "id"> & { id: number | null },
  ): void {
    this.#sql.adopt.run(id, points, oldest, newest, data);
    this.#points += plausible(points);
    this.#batches++;
  }

  adoptSeries(number: number, fields: string): void {
    this.#series.adopt(number, fields);
  }

  close(): void {
    this.#db.close();
  }

  /** Adds a row, and returns its id. */
  #add(batch: readonly Metric[]): number {
    const data = zlib().gzipSync(encodeBatch(batch, this.#series.numberOf), { level: 1 });
    let oldest = Infinity;
    let newest = -Infinity;
    for (const { timestamp } of batch) {
      if (timestamp < oldest) oldest = timestamp;
      if (timestamp > newest) newest = timestamp;
    }
    const { lastInsertRowid } = this.#sql.add.run(
      batch.length,
      Math.floor(oldest),
      Math.ceil(newest),
      data,
    );
    return Number(lastInsertRowid);
  }

  /** What can be read of a row; nothing where it is damaged. */
  #readable({ data }: BatchRow): Metric[] {
    try {
      return decodeBatch(unpackRow(data), this.#series.seriesOf);
    } catch (error) {
      if (isDamage(error)) throw error;
      return [];
    }
  }

  /** The row's count was taken on trust. */
  #correct(row: BatchRow, found: number): void {
    const counted = this.#countOf(row);
    if (counted === found) return;
    this.#points += found - counted;
    this.#damaged += counted - found;
    this.#corrected.set(row.id, found);
  }

  #countOf({ id, points }: Pick<BatchRow, "id" | "points">): number {
    return this.#corrected.get(id) ?? plausible(points);
  }

  /** Undefined where there is no such row. */
  #pointsOf(id: number): number | undefined {
    const row = this.#sql.points.get(id) as { points: number } | undefined;
    return row === undefined ? undefined : this.#countOf({ id, points: row.points });
  }

  /** At most so many rows that are not out, oldest first; -1: all. */
  #oldestRows(most: number): BatchRow[] {
    const rows = this.#sql.oldest.all(most) as unknown as BatchRow[];
    return rows.filter(({ id }) => !this.#out.has(id));
  }

  #forget(ids: readonly number[]): void {
    const held = ids.map((id) => [id, this.#out.get(id) ?? this.#pointsOf(id) ?? 0] as const);
    this.#removal.remove(ids.filter((id) => !this.#ghosts.delete(id)));
    for (const [id, count] of held) {
      this.#points -= count;
      this.#out.delete(id);
      this.#corrected.delete(id);
      this.#batches--;
    }
    if (this.#batches === 0 && this.#series.isCrowded) {
      this.#removal.whereRoom(() => this.#series.forgetAll());
    }
  }

  /** It cannot be sent again. */
  #loseGhost(id: number): void {
    const count = this.#out.get(id) ?? 0;
    this.#ghosts.delete(id);
    this.#points -= count;
    this.#damaged += count;
    this.#batches--;
  }
}

function edge(statement: StatementSync): number | undefined {
  const row = statement.get() as { at: number | null } | undefined;
  return row?.at ?? undefined;
}

/** What a damaged count may say is not believed. */
function plausible(points: number): number {
  return points >= 1 && points <= MAX_PER_WRITE ? points : 0;
}
