/**
 * The history: recent points in memory, and a file of blocks. Each minute becomes a block; an hour of them
 * is merged into one, with a summary beside it. A kill loses at most the last minute.
 */

import type { Metric } from "../core/metric.ts";
import type { Block, History, HistoryFile, HistoryQuery } from "../ports/history.ts";
import { decodeBlock, type DecodedBlock, encodeBlock } from "./block.ts";
import { mergeBlocks } from "./merge.ts";
import { compilePattern, isPattern } from "./pattern.ts";
import { createCollecting, takesSummaries } from "./query.ts";
import { createRecent } from "./recent.ts";
import { seriesOfSummary, summarise } from "./summary.ts";

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
/** Seconds that one merged block covers, and the points that it has at most, for the memory of merging. */
const MERGE_SECONDS = 3600;
const MAX_MERGED_POINTS = 250_000;

export function createHistory(options: HistoryOptions): History {
  const { file, maxBytes, maxAge, now } = options;
  const recent = createRecent();
  const numbers = new Map<string, number>();
  /** Paths that no block in the file names yet. */
  const unsaved = new Map<number, string>();
  let last = 0;
  let damaged = 0;
  let sealedAt = now();
  for (const [number, path] of file.paths()) {
    numbers.set(path, number);
    last = Math.max(last, number);
  }

  function numberOf(path: string): number {
    let number = numbers.get(path);
    if (number === undefined) {
      numbers.set(path, number = ++last);
      unsaved.set(number, path);
    }
    return number;
  }

  function seal(): void {
    sealedAt = now();
    if (recent.points === 0) return;
    const { times, columns } = recent.block();
    const info = {
      kind: "minute",
      from: recent.from,
      to: recent.to,
      points: recent.points,
    } as const;
    file.append(info, encodeBlock(times, columns), unsaved);
    unsaved.clear();
    recent.clear();
    merge();
    const gone = new Set(file.trim(maxBytes, now() - maxAge));
    if (gone.size === 0) return;
    for (const [path, number] of numbers) if (gone.has(number)) numbers.delete(path);
  }

  /** Merges the minutes of the oldest hour once it is over, or as many as one merge may have points. */
  function merge(): void {
    const minutes: Block[] = [];
    let points = 0;
    let isFull = false;
    for (const block of file.blocks("minute", -Infinity, Infinity)) {
      isFull = points + block.points > MAX_MERGED_POINTS ||
        (minutes.length > 0 && block.to - minutes[0].from >= MERGE_SECONDS);
      if (isFull) break;
      minutes.push(block);
      points += block.points;
    }
    if (!isFull || minutes.length === 0) return;
    const merged = mergeBlocks(minutes.map((block) => decoded(block, () => true)));
    const span = { from: merged.times[0] ?? minutes[0].from, to: merged.times.at(-1) ?? 0, points };
    const summary = summarise(merged);
    file.replace(minutes.map(({ id }) => id), [
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

  function decoded(block: Block, isWanted: (series: number) => boolean): DecodedBlock {
    try {
      const data = file.read(block);
      if (data !== undefined) return decodeBlock(data, isWanted);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    damaged++;
    options.damaged(block);
    return { times: new Float64Array(0), columns: [] };
  }

  function read(query: HistoryQuery) {
    const wanted = new Map<number, string>();
    for (const path of query.paths) {
      const number = numbers.get(path);
      if (number !== undefined) wanted.set(number, path);
    }
    const collecting = createCollecting(query, wanted);
    const { start, end, step } = collecting;
    const isWanted = (series: number) => wanted.has(series);
    if (takesSummaries(step)) {
      for (const block of file.blocks("summary", start, end)) {
        collecting.addSummary(decoded(block, (column) => isWanted(seriesOfSummary(column))));
      }
    } else {
      for (const block of file.blocks("merged", start, end)) {
        collecting.addRaw(decoded(block, isWanted));
      }
    }
    for (const block of file.blocks("minute", start, end)) {
      collecting.addRaw(decoded(block, isWanted));
    }
    collecting.addRaw(recent.block(isWanted));
    return collecting.answer();
  }

  return {
    write(batch: readonly Metric[]) {
      const isDue = now() - sealedAt >= SEAL_SECONDS || now() < sealedAt ||
        recent.points + batch.length > MAX_RECENT_POINTS;
      if (isDue) seal();
      recent.add(batch, numberOf);
    },
    find(pattern, limit) {
      if (!isPattern(pattern)) return numbers.has(pattern) ? [pattern] : [];
      const matches = compilePattern(pattern);
      const found: string[] = [];
      for (const path of numbers.keys()) if (matches(path)) found.push(path);
      return found.sort().slice(0, limit);
    },
    paths: () => numbers.keys(),
    read,
    get figures() {
      return {
        series: numbers.size,
        points: file.points + recent.points,
        bytes: file.bytes,
        damaged,
        oldest: file.oldest ?? (recent.points > 0 ? recent.from : undefined),
      };
    },
    flush: seal,
    close() {
      try {
        seal();
      } finally {
        file.close();
      }
    },
  };
}
