/** Whether a database is a spool of ours, and whether an error says that it is damaged. */

import { messageOf } from "../../core/errors.ts";
import type { DatabaseSync } from "../runtime/sqlite.ts";

/** "DAGS", so that a foreign database is known. */
const APPLICATION_ID = 0x44414753;
const VERSION = 1;

/** SQLite finds rows by their order, and says nothing when a flipped bit has put one out of it. */
export const LOST_ROWS = "rows that are in it are not found by their numbers";

/** What the database cannot do any more for its state, not for ours. */
export class DamagedSpool extends Error {}

/** A new file is marked as ours. */
export function checkOrigin(db: DatabaseSync, readOnly: boolean): void {
  const pragma = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0]);
  const isNew = pragma("schema_version") === 0;
  if (isNew && !readOnly) {
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION}`);
    return;
  }
  if (pragma("application_id") !== APPLICATION_ID) {
    throw new DamagedSpool("it is not a spool of this program");
  }
  const version = pragma("user_version");
  if (version > VERSION) {
    throw new DamagedSpool(`it was written by a newer version of this program (format ${version})`);
  }
  // Someone else's trigger would run, without end perhaps, whenever a batch is stored or removed.
  const foreign = db.prepare("SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'view')")
    .get();
  if (foreign !== undefined) {
    throw new DamagedSpool("it has triggers or views, which a spool does not have");
  }
}

/** SQLite's codes CORRUPT and NOTADB; Deno has them in the message only. */
export function isDamage(error: unknown): boolean {
  return error instanceof DamagedSpool ||
    /malformed|not a database|no such (table|column)|database schema/.test(messageOf(error));
}

export function damageOf(error: unknown): unknown {
  return isDamage(error) && !(error instanceof DamagedSpool)
    ? new DamagedSpool(messageOf(error))
    : error;
}
