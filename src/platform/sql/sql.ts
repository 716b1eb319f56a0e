/** Databases that collectors ask. Their libraries are loaded when a collector first connects. */

import type { Sql } from "../../ports/sql.ts";
import { connectMysql } from "./mysql_questions.ts";
import { connectPostgres } from "./postgres.ts";

export const realSql: Sql = {
  connect: (kind, settings, signal) =>
    kind === "postgres" ? connectPostgres(settings, signal) : connectMysql(settings, signal),
};
