/** SQLite is part of both runtimes; it costs memory, so it is loaded when a spool is first opened. */

import process from "node:process";
import type { DatabaseSync } from "node:sqlite";

export type { DatabaseSync, StatementSync } from "node:sqlite";

export function openDatabase(path: string, readOnly = false): DatabaseSync {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  return new DatabaseSync(path, { readOnly });
}
