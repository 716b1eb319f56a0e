/** The blocks in the history's file: minutes, those that are merged, and their summaries. */

import type { Block, HistoryFile } from "../ports/history.ts";
import { decodeBlock, type DecodedBlock, encodeBlock } from "./block.ts";
import { mergeBlocks } from "./merge.ts";
import { type Collecting, takesSummaries } from "./query.ts";
import { seriesOfSummary, summarise } from "./summary.ts";

/** Seconds that one merged block covers, and the points that it has at most, for the memory of merging. */
const MERGE_SECONDS = 3600;
const MAX_MERGED_POINTS = 250_000;

export class HistoryBlocks {
  /** Blocks that could not be read. */
  damaged = 0;
  readonly #file: HistoryFile;
  readonly #report: (block: Block) => void;

  /** `report` is called for each damaged one. */
  constructor(file: HistoryFile, report: (block: Block) => void) {
    this.#file = file;
    this.#report = report;
  }

  /** Adds what a query asks for: of a long time the summaries, and the minutes that are not merged yet. */
  collect(collecting: Collecting, isWanted: (series: number) => boolean): void {
    const { start, end, step } = collecting;
    if (takesSummaries(step)) {
      const isWantedSummary = (column: number) => isWanted(seriesOfSummary(column));
      for (const block of this.#file.blocks("summary", start, end)) {
        collecting.addSummary(this.#decoded(block, isWantedSummary));
      }
    } else {
      for (const block of this.#file.blocks("merged", start, end)) {
        collecting.addRaw(this.#decoded(block, isWanted));
      }
    }
    for (const block of this.#file.blocks("minute", start, end)) {
      collecting.addRaw(this.#decoded(block, isWanted));
    }
  }

  /** Merges the minutes of the oldest hour once it is over, or as many as one merge may have points. */
  merge(): void {
    const minutes = this.#minutesToMerge();
    if (minutes.length === 0) return;
    const merged = mergeBlocks(minutes.map((block) => this.#decoded(block, () => true)));
    const points = minutes.reduce((sum, block) => sum + block.points, 0);
    const span = { from: merged.times[0] ?? minutes[0].from, to: merged.times.at(-1) ?? 0, points };
    const summary = summarise(merged);
    this.#file.replace(minutes.map(({ id }) => id), [
      {
        info: { kind: "merged", ...span },
        data: encodeBlock(merged.times, merged.columns),
      },
      {
        info: { kind: "summary", ...span, points: 0 },
        data: encodeBlock(summary.times, summary.columns),
      },
    ], merged.columns.map(({ series }) => series));
  }

  /** None while the hour is not over. */
  #minutesToMerge(): Block[] {
    const minutes: Block[] = [];
    let points = 0;
    for (const block of this.#file.blocks("minute", -Infinity, Infinity)) {
      const isFull = points + block.points > MAX_MERGED_POINTS ||
        (minutes.length > 0 && block.to - minutes[0].from >= MERGE_SECONDS);
      if (isFull) return minutes;
      minutes.push(block);
      points += block.points;
    }
    return [];
  }

  #decoded(block: Block, isWanted: (series: number) => boolean): DecodedBlock {
    try {
      const data = this.#file.read(block);
      if (data !== undefined) return decodeBlock(data, isWanted);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    this.damaged++;
    this.#report(block);
    return { times: new Float64Array(0), columns: [] };
  }
}
