/**
 * The history: recent points in memory, and a file of blocks. Each minute becomes a block; an hour of them
 * is merged into one, with a summary beside it. A kill loses at most the last minute.
 */

import type { Metric } from "../core/metric.ts";
import type { Block, History, HistoryFile, HistoryQuery } from "../ports/history.ts";
import { encodeBlock } from "./block.ts";
import { HistoryBlocks } from "./history_blocks.ts";
import { compilePattern, isPattern } from "./pattern.ts";
import { createCollecting } from "./query.ts";
import { createRecent } from "./recent.ts";
import { SeriesNumbers } from "./series_numbers.ts";

interface HistoryOptions {
  readonly file: HistoryFile;
  readonly maxBytes: number;
  /** Seconds. */
  readonly maxAge: number;
  /** Seconds since the epoch. */
  now(): number;
  damaged(block: Block): void;
}

/** Seconds that points stay in memory. */
const SEAL_SECONDS = 60;
/** A minute with more points than this is written earlier. */
const MAX_RECENT_POINTS = 100_000;

export function createHistory(options: HistoryOptions): History {
  return new StoredHistory(options);
}

class StoredHistory implements History {
  readonly #options: HistoryOptions;
  readonly #recent = createRecent();
  readonly #series: SeriesNumbers;
  readonly #blocks: HistoryBlocks;
  #sealedAt: number;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#series = new SeriesNumbers(options.file.paths());
    this.#blocks = new HistoryBlocks(options.file, options.damaged);
    this.#sealedAt = options.now();
  }

  get figures(): History["figures"] {
    const { file } = this.#options;
    const recent = this.#recent;
    return {
      series: this.#series.size,
      points: file.points + recent.points,
      bytes: file.bytes,
      damaged: this.#blocks.damaged,
      oldest: file.oldest ?? (recent.points > 0 ? recent.from : undefined),
    };
  }

  write(batch: readonly Metric[]): void {
    const passed = this.#options.now() - this.#sealedAt;
    const isDue = passed >= SEAL_SECONDS || passed < 0 ||
      this.#recent.points + batch.length > MAX_RECENT_POINTS;
    if (isDue) this.flush();
    this.#recent.add(batch, this.#series.numberOf);
  }

  find(pattern: string, limit: number): string[] {
    if (!isPattern(pattern)) return this.#series.has(pattern) ? [pattern] : [];
    const matches = compilePattern(pattern);
    const found: string[] = [];
    for (const path of this.#series.paths()) if (matches(path)) found.push(path);
    return found.sort().slice(0, limit);
  }

  paths(): Iterable<string> {
    return this.#series.paths();
  }

  read(query: HistoryQuery): ReturnType<History["read"]> {
    const wanted = this.#series.namesOf(query.paths);
    const isWanted = (series: number) => wanted.has(series);
    const collecting = createCollecting(query, wanted);
    this.#blocks.collect(collecting, isWanted);
    collecting.addRaw(this.#recent.block(isWanted));
    return collecting.answer();
  }

  /** Writes what is recent as one block, and keeps the bounds of the file. */
  flush(): void {
    const { file, maxBytes, maxAge, now } = this.#options;
    const recent = this.#recent;
    this.#sealedAt = now();
    if (recent.points === 0) return;
    const { times, columns } = recent.block();
    const { from, to, points } = recent;
    const info = { kind: "minute", from, to, points } as const;
    file.append(info, encodeBlock(times, columns), this.#series.unsaved);
    this.#series.saved();
    recent.clear();
    this.#blocks.merge();
    this.#series.forget(file.trim(maxBytes, now() - maxAge));
  }

  close(): void {
    try {
      this.flush();
    } finally {
      this.#options.file.close();
    }
  }
}
