/** What is whole of a damaged spool: by the database where it can still be asked, and by the file's pages. */

import { type DatabaseSync, openDatabase } from "../runtime/sqlite.ts";
import { type RawRow, rawRows } from "./raw_rows.ts";
import { unpackRow } from "./spool_row.ts";
import { isMarked } from "./spool_statements.ts";
import type { BatchRow, SpoolFile } from "./spool_file_contract.ts";

interface SeriesRow {
  readonly id: number;
  readonly fields: string;
  readonly mark: number;
}

const MAX_FAILURES = 1000;
const MAX_NUMBER = 2 ** 40;

/** Takes over what a damaged file has. Never throws for what the file is. */
export function salvage(path: string, into: SpoolFile): void {
  const rescue = new Rescue(into);
  if (!rescue.byDatabase(path)) rescue.byPages(path);
  rescue.end();
}

/** The same of a file that is open, and has no name any more. */
export function salvageOpen(db: DatabaseSync, into: SpoolFile): void {
  const rescue = new Rescue(into);
  rescue.from(db);
  rescue.end();
}

class Rescue {
  readonly #into: SpoolFile;
  readonly #series = new Set<number>();
  readonly #batches = new Set<number>();
  readonly #checksums = new Set<string>();
  /** Of numbers that are taken, or that cannot be. */
  readonly #nameless: BatchRow[] = [];

  constructor(into: SpoolFile) {
    this.#into = into;
  }

  /** Whether it gave all of its rows. */
  byDatabase(path: string): boolean {
    let db: DatabaseSync | undefined;
    try {
      db = openDatabase(path);
      // Else a file that is shorter than it says is not even looked at.
      db.exec("PRAGMA writable_schema = ON");
      return this.from(db);
    } catch {
      return false;
    } finally {
      db?.close();
    }
  }

  from(db: DatabaseSync): boolean {
    const series = rowsOf<SeriesRow>(db, "series", "fields, mark", (row) => this.#takeSeries(row));
    const batches = rowsOf<BatchRow>(
      db,
      "batch",
      "points, oldest, newest, data",
      (row) => this.#takeBatch(row),
    );
    return series && batches;
  }

  byPages(path: string): void {
    try {
      for (const row of rawRows(path)) {
        this.#takeSeries(seriesOf(row));
        this.#takeBatch(batchOf(row));
      }
    } catch {
      // It cannot be read any more.
    }
  }

  end(): void {
    for (const row of this.#nameless) this.#into.adopt({ ...row, id: null });
  }

  #takeSeries(row: SeriesRow | undefined): void {
    if (row === undefined || !isNumber(row.id) || this.#series.has(row.id)) return;
    if (!isMarked(row.id, row.fields, row.mark)) return;
    this.#series.add(row.id);
    this.#into.adoptSeries(row.id, row.fields);
  }

  /** A page that was freed has older copies of rows, and a damaged one may have a row under two numbers. */
  #takeBatch(row: BatchRow | undefined): void {
    if (row === undefined || !isWhole(row)) return;
    const check = checksumOf(row);
    if (this.#checksums.has(check)) return;
    this.#checksums.add(check);
    if (isNumber(row.id) && !this.#batches.has(row.id)) {
      this.#batches.add(row.id);
      this.#into.adopt(row);
    } else this.#nameless.push(row);
  }
}

/**
 * As they lie in the file; where that breaks off, which Deno does without a word, the rest by their numbers.
 * False where not all could be read.
 */
function rowsOf<Row extends { id: number }>(
  db: DatabaseSync,
  table: string,
  columns: string,
  take: (row: Row) => void,
): boolean {
  if (isView(db, table)) return false;
  let id = 0;
  let failures = 0;
  try {
    for (const row of db.prepare(`SELECT id, ${columns} FROM ${table}`).iterate()) {
      id = Math.max(id, (row as unknown as Row).id);
      take(row as unknown as Row);
    }
  } catch {
    failures++;
  }
  try {
    const next = db.prepare(`SELECT id, ${columns} FROM ${table} WHERE id > ? ORDER BY id LIMIT 1`);
    while (failures < MAX_FAILURES) {
      try {
        const row = next.get(id) as unknown as Row | undefined;
        if (row === undefined) break;
        id = row.id;
        take(row);
      } catch {
        failures++;
        id++;
      }
    }
  } catch {
    // There is no such table any more.
    failures++;
  }
  return failures === 0;
}

/** Whether someone else's view has the name of a table. Reading one may never end. */
function isView(db: DatabaseSync, name: string): boolean {
  try {
    const sql = "SELECT 1 FROM sqlite_schema WHERE type = 'view' AND lower(name) = ?";
    return db.prepare(sql).get(name) !== undefined;
  } catch {
    return false;
  }
}

function seriesOf({ id, columns }: RawRow): SeriesRow | undefined {
  const [none, fields, mark] = columns;
  if (columns.length !== 3 || none !== null || typeof mark !== "number") return undefined;
  if (!(fields instanceof Uint8Array)) return undefined;
  return { id, fields: new TextDecoder().decode(fields), mark };
}

function batchOf({ id, columns }: RawRow): BatchRow | undefined {
  const [none, points, oldest, newest, data] = columns;
  if (columns.length !== 5 || none !== null || !(data instanceof Uint8Array)) return undefined;
  if (typeof points !== "number" || typeof oldest !== "number" || typeof newest !== "number") {
    return undefined;
  }
  return { id, points, oldest, newest, data };
}

/** Numbers go up from 1: a far larger one is damaged, and would leave none for what comes. */
function isNumber(id: number): boolean {
  return id >= 1 && id <= MAX_NUMBER;
}

/** Checksum and length at the end of a gzip. */
function checksumOf({ data }: BatchRow): string {
  return data.subarray(-8).join();
}

function isWhole({ data }: BatchRow): boolean {
  try {
    unpackRow(data);
    return true;
  } catch {
    return false;
  }
}
