/** What a spool's file is to those who work with it, beyond what a worker sees of it. */

import type { Spool } from "../../ports/spool.ts";

export interface SpoolFileSettings {
  readonly path: string;
  readonly maxBytes: number;
  /** Seconds. */
  readonly maxAge: number;
  readonly sync: "process" | "power";
  /** Only looked at: `store` and its like throw. */
  readonly readOnly?: boolean;
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface BatchRow {
  readonly id: number;
  readonly points: number;
  readonly oldest: number;
  readonly newest: number;
  readonly data: Uint8Array;
}

export interface SpoolFile extends Spool {
  readonly batches: number;
  readonly newest: number | undefined;
  /** Batches that were read and are not settled, with their points. */
  readonly outstanding: ReadonlyMap<number, number>;
  /** Takes over what is outstanding of the file that this one replaces; what was not saved is known as long as it is on its way. */
  hold(outstanding: ReadonlyMap<number, number>): void;
  /** The rows that can be read, into another file. */
  copyTo(other: SpoolFile): void;
  /** Stores a row of another file as it is; without an id, as the newest. */
  adopt(row: Omit<BatchRow, "id"> & { id: number | null }): void;
  adoptSeries(id: number, fields: string): void;
}
