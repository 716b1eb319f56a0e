/**
 * A spool: one SQLite database. Batches are rows of gzip, whose checksum shows damage; their series are in a
 * table of their own, since each batch has much the same ones. WAL without a sync at each commit: a commit
 * survives a kill. With `power` each commit is synced, and survives the loss of power too.
 */

import type { Metric, Series } from "../../core/metric.ts";
import { MAX_PER_WRITE, type SpooledBatch } from "../../ports/spool.ts";
import { zlib } from "../runtime/node_modules.ts";
import { openDatabase, type StatementSync } from "../runtime/sqlite.ts";
import { checkOrigin, DamagedSpool, damageOf, isDamage } from "./spool_damage.ts";
import type { BatchRow, SpoolFile, SpoolFileSettings } from "./spool_file_contract.ts";
import { salvageOpen } from "./salvage.ts";
import { unpackRow } from "./spool_row.ts";
import { isMarked, markOf, statements } from "./spool_statements.ts";
import { decodeBatch, decodeSeries, encodeBatch, encodeSeries } from "../../formats/spool_batch.ts";

interface Total {
  readonly points: number;
  readonly batches: number;
  /** Rows that do not lie in the order of their numbers. */
  readonly disorder: number;
}

/** Rows that are dropped at a time when the file is over its bound. */
const TRIM_ROWS = 16;
/** Unused series that a file may keep, as it is never removed; and series that are kept in memory. */
const MAX_IDLE_SERIES = 20_000;

/** SQLite finds rows by their order, and says nothing when a flipped bit has put one out of it. */
const LOST_ROWS = "rows that are in it are not found by their numbers";

/** Throws `DamagedSpool` where it is not a spool, or not one of this version. */
export function openSpoolFile(settings: SpoolFileSettings): SpoolFile {
  const { path, maxBytes, maxAge, sync, readOnly = false, now } = settings;
  const db = openDatabase(path, readOnly);
  try {
    return setUp();
  } catch (error) {
    db.close();
    throw damageOf(error);
  }

  function setUp(): SpoolFile {
    db.exec("PRAGMA busy_timeout = 250");
    checkOrigin(db, readOnly);
    if (!readOnly) {
      db.exec(`PRAGMA journal_mode = WAL;
        PRAGMA synchronous = ${sync === "power" ? "FULL" : "NORMAL"};
        PRAGMA journal_size_limit = 4194304;
        CREATE TABLE IF NOT EXISTS batch (
          id INTEGER PRIMARY KEY AUTOINCREMENT, points INTEGER NOT NULL,
          oldest INTEGER NOT NULL, newest INTEGER NOT NULL, data BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS series (
          id INTEGER PRIMARY KEY, fields TEXT NOT NULL, mark INTEGER NOT NULL)`);
    }
    return spoolOf();
  }

  function spoolOf(): SpoolFile {
    const sql = statements(db);
    let numbers = new WeakMap<Series, number>();
    const numbersByFields = new Map<string, number>();
    const known = new Map<number, Series>();
    /** Batches that were read or sent from memory, with their points. */
    const out = new Map<number, number>();
    /** What was found in batches whose count was wrong. */
    const corrected = new Map<number, number>();
    /** Of these: those that a damaged file has lost meanwhile. */
    const ghosts = new Set<number>();
    /** Batches that are settled, but could not be removed yet: the disk is full. */
    let doomed: number[] = [];
    const total = sql.total.get(MAX_PER_WRITE) as unknown as Total;
    if (total.disorder > 0) throw new DamagedSpool(LOST_ROWS);
    let { points, batches } = total;
    let lastSeries = Number((sql.lastSeries.get() as { id: number | null }).id ?? 0);
    let cursor = 0;
    let damaged = 0;

    function numberOf(series: Series): number {
      const cached = numbers.get(series);
      if (cached !== undefined) return cached;
      // Of names that come and go: one that comes again gets another number.
      if (numbersByFields.size >= MAX_IDLE_SERIES) numbersByFields.clear();
      const fields = encodeSeries(series);
      let number = numbersByFields.get(fields);
      if (number === undefined) {
        number = ++lastSeries;
        sql.addSeries.run(number, fields, markOf(number, fields));
        numbersByFields.set(fields, number);
      }
      numbers.set(series, number);
      return number;
    }

    function seriesOf(number: number): Series | undefined {
      const cached = known.get(number);
      if (cached !== undefined) return cached;
      const row = sql.series.get(number) as { fields: string; mark: number } | undefined;
      if (row === undefined || !isMarked(number, row.fields, row.mark)) return undefined;
      const series = decodeSeries(row.fields);
      if (known.size >= MAX_IDLE_SERIES) known.clear();
      known.set(number, series);
      return series;
    }

    function store(batch: readonly Metric[]): number {
      const fresh = batch.some(({ series }) => !numbers.has(series));
      if (fresh) db.exec("BEGIN");
      try {
        const data = zlib().gzipSync(encodeBatch(batch, numberOf), { level: 1 });
        let oldest = Infinity;
        let newest = -Infinity;
        for (const { timestamp } of batch) {
          if (timestamp < oldest) oldest = timestamp;
          if (timestamp > newest) newest = timestamp;
        }
        const { lastInsertRowid } = sql.add.run(
          batch.length,
          Math.floor(oldest),
          Math.ceil(newest),
          data,
        );
        if (fresh) db.exec("COMMIT");
        points += batch.length;
        batches++;
        return Number(lastInsertRowid);
      } catch (error) {
        if (fresh) {
          // The numbers that were given have gone with the transaction.
          for (const { series } of batch) numbers.delete(series);
          numbersByFields.clear();
          try {
            db.exec("ROLLBACK");
          } catch {
            // SQLite has done it already.
          }
        }
        throw error;
      }
    }

    function read(most: number): SpooledBatch | undefined {
      /** Of this batch; they are out when it is whole. */
      const taken = new Map<number, number>();
      let metrics: Metric[] = [];
      for (;;) {
        const row = sql.next.get(cursor) as BatchRow | undefined;
        if (row === undefined) {
          if (taken.size === 0 && batches > out.size) throw new DamagedSpool(LOST_ROWS);
          break;
        }
        if (row.id <= cursor) throw new DamagedSpool(LOST_ROWS);
        if (out.has(row.id) || doomed.includes(row.id)) {
          cursor = row.id;
          continue;
        }
        if (taken.size > 0 && metrics.length + row.points > most) break;
        const found = whole(row);
        cursor = row.id;
        correct(row, found.length);
        if (found.length === 0) {
          remove([row.id]);
          batches--;
          continue;
        }
        taken.set(row.id, found.length);
        metrics = taken.size === 1 ? found : metrics.concat(found);
      }
      for (const [id, count] of taken) out.set(id, count);
      return taken.size === 0 ? undefined : { ids: [...taken.keys()], metrics };
    }

    /** What can be read of a row; nothing where it is damaged. */
    function whole({ data }: BatchRow): Metric[] {
      try {
        return decodeBatch(unpackRow(data), seriesOf);
      } catch (error) {
        if (isDamage(error)) throw error;
        return [];
      }
    }

    /** The row's count was taken on trust. */
    function correct(row: BatchRow, found: number): void {
      const counted = countOf(row);
      if (counted === found) return;
      points += found - counted;
      damaged += counted - found;
      corrected.set(row.id, found);
    }

    function countOf({ id, points: told }: Pick<BatchRow, "id" | "points">): number {
      return corrected.get(id) ?? plausible(told);
    }

    /** What was saved of a damaged file may lack some of them. */
    function ack(ids: readonly number[]): void {
      forget(ids.filter((id) => out.has(id) || pointsOf(id) !== undefined));
    }

    function forget(ids: readonly number[]): void {
      const held = ids.map((id) => [id, out.get(id) ?? pointsOf(id) ?? 0] as const);
      remove(ghosts.size === 0 ? ids : ids.filter((id) => !ghosts.delete(id)));
      for (const [id, count] of held) {
        points -= count;
        out.delete(id);
        corrected.delete(id);
        batches--;
      }
      if (batches === 0 && lastSeries > MAX_IDLE_SERIES) whereRoom(forgetSeries);
    }

    /** It cannot be sent again. */
    function loseGhost(id: number): void {
      const count = out.get(id) ?? 0;
      ghosts.delete(id);
      points -= count;
      damaged += count;
      batches--;
    }

    /** Undefined where there is no such row. */
    function pointsOf(id: number): number | undefined {
      const row = sql.points.get(id) as { points: number } | undefined;
      return row === undefined ? undefined : countOf({ id, points: row.points });
    }

    function remove(ids: readonly number[]): void {
      doomed.push(...ids);
      whereRoom(() => {
        if (doomed.length > 1) db.exec("BEGIN");
        for (const id of doomed) {
          if (Number(sql.remove.run(id).changes) === 0) throw new DamagedSpool(LOST_ROWS);
        }
        if (doomed.length > 1) db.exec("COMMIT");
        doomed = [];
      });
    }

    /** A full disk does not even let things be removed; that is done next time. */
    function whereRoom(act: () => void): void {
      try {
        act();
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK");
        if (isDamage(error)) throw error;
      }
    }

    function forgetSeries(): void {
      db.exec("DELETE FROM series");
      numbers = new WeakMap();
      numbersByFields.clear();
      known.clear();
      lastSeries = 0;
    }

    function trim(): { full: number; expired: number } {
      const gone = { full: 0, expired: 0 };
      const limit = now() / 1000 - maxAge;
      for (;;) {
        const rows = (sql.oldest.all(TRIM_ROWS + out.size) as unknown as BatchRow[]).filter(
          ({ id }) => !out.has(id) && !doomed.includes(id),
        ).slice(0, TRIM_ROWS);
        const old = rows.filter(({ newest }) => newest < limit);
        const isFull = bytes() > maxBytes;
        const going = isFull ? rows : old;
        if (going.length === 0) return gone;
        const sum = going.reduce((total, row) => total + countOf(row), 0);
        gone[isFull ? "full" : "expired"] += sum;
        forget(going.map(({ id }) => id));
      }
    }

    function bytes(): number {
      return sql.bytes.get()!.bytes as number;
    }

    function edge(statement: StatementSync): number | undefined {
      const row = statement.get() as { at: number | null } | undefined;
      return row?.at ?? undefined;
    }

    return {
      get points() {
        return points;
      },
      get batches() {
        return batches;
      },
      get bytes() {
        return bytes();
      },
      get oldest() {
        return edge(sql.first);
      },
      get newest() {
        return edge(sql.last);
      },
      takeDamaged() {
        const told = damaged;
        damaged = 0;
        return told;
      },
      store,
      read,
      skip(ids) {
        for (const id of ids) {
          const held = pointsOf(id);
          if (held !== undefined) out.set(id, held);
        }
      },
      requeue(ids) {
        for (const id of ids) {
          if (ghosts.has(id)) loseGhost(id);
          out.delete(id);
          cursor = Math.min(cursor, id - 1);
        }
      },
      ack,
      trim,
      drop() {
        const before = points;
        const rows = sql.oldest.all(-1) as unknown as BatchRow[];
        forget(rows.map(({ id }) => id).filter((id) => !out.has(id)));
        return before - points;
      },
      get outstanding() {
        return out;
      },
      hold(outstanding) {
        for (const [id, count] of outstanding) {
          const held = pointsOf(id);
          out.set(id, count);
          points += count - (held ?? 0);
          if (held !== undefined) continue;
          ghosts.add(id);
          batches++;
        }
      },
      copyTo: (other) => salvageOpen(db, other),
      adopt({ id, points: count, oldest, newest, data }) {
        sql.adopt.run(id, count, oldest, newest, data);
        points += plausible(count);
        batches++;
      },
      adoptSeries(id, fields) {
        sql.addSeries.run(id, fields, markOf(id, fields));
        lastSeries = Math.max(lastSeries, id);
      },
      close: () => db.close(),
    };
  }
}

/** What a damaged count may say is not believed. */
function plausible(points: number): number {
  return points >= 1 && points <= MAX_PER_WRITE ? points : 0;
}
