/** The table of series of a spool: each has a number, by which the batches name it. */

import type { Metric, Series } from "../../core/metric.ts";
import { decodeSeries, encodeSeries } from "../../formats/spool_batch.ts";
import type { DatabaseSync } from "../runtime/sqlite.ts";
import { isMarked, markOf, type Statements } from "./spool_statements.ts";

/** Unused series that a file may keep, as it is never removed; and series that are kept in memory. */
const MAX_IDLE_SERIES = 20_000;

export class SpoolSeries {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  #numbers = new WeakMap<Series, number>();
  readonly #numbersByFields = new Map<string, number>();
  readonly #known = new Map<number, Series>();
  #last: number;

  constructor(db: DatabaseSync, sql: Statements) {
    this.#db = db;
    this.#sql = sql;
    this.#last = Number((sql.lastSeries.get() as { id: number | null }).id ?? 0);
  }

  /** The file has more of them than an idle one may keep. */
  get isCrowded(): boolean {
    return this.#last > MAX_IDLE_SERIES;
  }

  hasAll(batch: readonly Metric[]): boolean {
    return batch.every(({ series }) => this.#numbers.has(series));
  }

  readonly numberOf = (series: Series): number => {
    const cached = this.#numbers.get(series);
    if (cached !== undefined) return cached;
    // Of names that come and go: one that comes again gets another number.
    if (this.#numbersByFields.size >= MAX_IDLE_SERIES) this.#numbersByFields.clear();
    const fields = encodeSeries(series);
    let number = this.#numbersByFields.get(fields);
    if (number === undefined) {
      number = ++this.#last;
      this.#sql.addSeries.run(number, fields, markOf(number, fields));
      this.#numbersByFields.set(fields, number);
    }
    this.#numbers.set(series, number);
    return number;
  };

  readonly seriesOf = (number: number): Series | undefined => {
    const cached = this.#known.get(number);
    if (cached !== undefined) return cached;
    const row = this.#sql.series.get(number) as { fields: string; mark: number } | undefined;
    if (row === undefined || !isMarked(number, row.fields, row.mark)) return undefined;
    const series = decodeSeries(row.fields);
    if (this.#known.size >= MAX_IDLE_SERIES) this.#known.clear();
    this.#known.set(number, series);
    return series;
  };

  /** The numbers that a batch was given went with its transaction. */
  takeBack(batch: readonly Metric[]): void {
    for (const { series } of batch) this.#numbers.delete(series);
    this.#numbersByFields.clear();
  }

  /** Stores a series of another file. */
  adopt(number: number, fields: string): void {
    this.#sql.addSeries.run(number, fields, markOf(number, fields));
    this.#last = Math.max(this.#last, number);
  }

  forgetAll(): void {
    this.#db.exec("DELETE FROM series");
    this.#numbers = new WeakMap();
    this.#numbersByFields.clear();
    this.#known.clear();
    this.#last = 0;
  }
}
