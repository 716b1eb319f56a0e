/** The MySQL that a handler writes to. */

import type { SqlSettings } from "./sql.ts";

export interface Mysql {
  /** Throws `undelivered` or `timeout`. */
  connect(settings: SqlSettings, signal: AbortSignal): Promise<MysqlConnection>;
}

export interface MysqlConnection {
  /** False once it is of no more use. */
  readonly open: boolean;
  /**
   * One statement, all of it or nothing; `?` in it stands for the rows. Throws `refused` where a row
   * is at fault, `undelivered` for the rest.
   */
  insert(
    statement: string,
    rows: readonly (readonly string[])[],
    signal: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}
