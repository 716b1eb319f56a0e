/** What a spool says to its database. */

import { fnv1a } from "../../core/hash.ts";
import type { DatabaseSync } from "../runtime/sqlite.ts";

export type Statements = ReturnType<typeof statements>;

export function statements(db: DatabaseSync) {
  const prepare = (text: string) => db.prepare(text);
  return {
    total: prepare(
      `SELECT coalesce(sum(CASE WHEN points BETWEEN 1 AND ? THEN points ELSE 0 END), 0) AS points,
        count(*) AS batches, coalesce(sum(id <= before), 0) AS disorder
        FROM (SELECT id, points, lag(id, 1, 0) OVER () AS before FROM batch)`,
    ),
    lastSeries: prepare("SELECT max(id) AS id FROM series"),
    series: prepare("SELECT fields, mark FROM series WHERE id = ?"),
    addSeries: prepare("INSERT OR REPLACE INTO series (id, fields, mark) VALUES (?, ?, ?)"),
    add: prepare("INSERT INTO batch (points, oldest, newest, data) VALUES (?, ?, ?, ?)"),
    adopt: prepare(
      "INSERT OR REPLACE INTO batch (id, points, oldest, newest, data) VALUES (?, ?, ?, ?, ?)",
    ),
    next: prepare("SELECT id, points, data FROM batch WHERE id > ? ORDER BY id LIMIT 1"),
    points: prepare("SELECT points FROM batch WHERE id = ?"),
    remove: prepare("DELETE FROM batch WHERE id = ?"),
    oldest: prepare("SELECT id, points, newest FROM batch ORDER BY id LIMIT ?"),
    first: prepare("SELECT oldest AS at FROM batch ORDER BY id LIMIT 1"),
    last: prepare("SELECT newest AS at FROM batch ORDER BY id DESC LIMIT 1"),
    bytes: prepare(
      "SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
    ),
  };
}

/** Shows whether a series is complete, and stands under its own number. */
export function markOf(id: number, fields: string): number {
  return fnv1a(`${id} ${fields}`);
}

/** Spools of the first versions have marks of the fields alone. */
export function isMarked(id: number, fields: string, mark: number): boolean {
  return mark === markOf(id, fields) || mark === fnv1a(fields);
}
