/** Rows that are to be removed. A full disk does not even allow that; then they go next time. */

import type { DatabaseSync } from "../runtime/sqlite.ts";
import { DamagedSpool, isDamage, LOST_ROWS } from "./spool_damage.ts";
import type { Statements } from "./spool_statements.ts";

export class SpoolRemoval {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  #waiting: number[] = [];

  constructor(db: DatabaseSync, sql: Statements) {
    this.#db = db;
    this.#sql = sql;
  }

  /** Whether the row could not be removed yet. */
  has(id: number): boolean {
    return this.#waiting.includes(id);
  }

  remove(ids: readonly number[]): void {
    this.#waiting.push(...ids);
    this.whereRoom(() => {
      const isMore = this.#waiting.length > 1;
      if (isMore) this.#db.exec("BEGIN");
      for (const id of this.#waiting) {
        if (Number(this.#sql.remove.run(id).changes) === 0) throw new DamagedSpool(LOST_ROWS);
      }
      if (isMore) this.#db.exec("COMMIT");
      this.#waiting = [];
    });
  }

  /** Leaves undone what the disk has no room for. Throws where the file is damaged. */
  whereRoom(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      if (isDamage(error)) throw error;
    }
  }
}
