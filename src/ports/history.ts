/** The local history of this host's metrics: what its views read, and the file that it lies in. */

import type { Metric } from "../core/metric.ts";
import type { Log } from "./log.ts";

export interface History {
  /** Keeps a batch. Throws `undelivered` where the file cannot be written; then nothing of the batch was kept. */
  write(batch: readonly Metric[]): void;
  /** The paths that match a pattern, sorted; at most `limit`. See `history/pattern.ts`. */
  find(pattern: string, limit: number): readonly string[];
  /** All paths, in no order. */
  paths(): Iterable<string>;
  /** Values by path and time, in buckets of equal length. Paths without a value are left out. */
  read(query: HistoryQuery): HistoryAnswer;
  readonly figures: HistoryFigures;
  /** Writes what is in memory to the file. */
  flush(): void;
  close(): void;
}

export interface HistorySettings {
  readonly path: string;
  readonly maxBytes: number;
  /** Seconds. */
  readonly maxAge: number;
}

export interface Histories {
  /** The one in a file, shared by all that open it; closed when the last of them is disposed of. Throws `config`. */
  open(settings: HistorySettings, log: Log): Promise<Disposable & { readonly history: History }>;
  /** The one that is open; undefined where there is none. */
  current(): History | undefined;
  /** Ends when those that are being opened are open, or cannot be. */
  opened(): Promise<void>;
}

export interface HistoryQuery {
  readonly paths: readonly string[];
  /** Seconds since the epoch; the first bucket begins at or before `from`, the last one ends after `to`. */
  readonly from: number;
  readonly to: number;
  /** Buckets in the answer, at most. */
  readonly maxPoints: number;
}

export interface HistoryAnswer {
  /** Seconds since the epoch at which the first bucket begins. */
  readonly start: number;
  /** Seconds in a bucket. */
  readonly step: number;
  readonly series: readonly HistorySeries[];
}

/** NaN where a bucket has no value. */
export interface HistorySeries {
  readonly path: string;
  readonly min: Float64Array;
  readonly mean: Float64Array;
  readonly max: Float64Array;
}

export interface HistoryFigures {
  readonly series: number;
  /** Points in the file and in memory. */
  readonly points: number;
  /** Bytes of the file. */
  readonly bytes: number;
  /** Blocks that could not be read, and were skipped. */
  readonly damaged: number;
  /** Seconds since the epoch of the oldest point in the file. */
  readonly oldest: number | undefined;
}

/** `minute`: as points came; `merged`: many of those in one; `summary`: least, mean, largest of each five minutes. */
export type BlockKind = "minute" | "merged" | "summary";

export interface BlockInfo {
  readonly kind: BlockKind;
  /** Seconds since the epoch of its first and its last point. */
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

export interface Block extends BlockInfo {
  readonly id: number;
}

/** Blocks and the paths of series, in one file. Each call that writes is all or nothing. */
export interface HistoryFile {
  readonly bytes: number;
  /** Of all blocks that hold points: no summaries. */
  readonly points: number;
  readonly oldest: number | undefined;
  /** Paths by number, which begin at 1. */
  paths(): Iterable<readonly [number: number, path: string]>;
  /** Stores a block, with the paths that it is the first to name. */
  append(block: BlockInfo, data: Uint8Array, paths: ReadonlyMap<number, string>): void;
  /** Stores blocks in the place of others. `numbers`: the series that they hold. */
  replace(
    ids: readonly number[],
    blocks: readonly { readonly info: BlockInfo; readonly data: Uint8Array }[],
    numbers: readonly number[],
  ): void;
  /** Blocks of a kind that have points between two times, oldest first. */
  blocks(kind: BlockKind, from: number, to: number): readonly Block[];
  /** What a block holds; undefined where it is damaged. */
  read(block: Block): Uint8Array | undefined;
  /**
   * Removes the oldest blocks until the file has at most `maxBytes`, and those that end before `oldest`.
   * Returns the numbers of the series that are gone with them.
   */
  trim(maxBytes: number, oldest: number): readonly number[];
  close(): void;
}
