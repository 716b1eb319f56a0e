/** What the runs of a collector have come to. */

export interface RunRecord {
  runs: number;
  failures: number;
  /** Slots that passed while a run was still busy, or while backing off. */
  skipped: number;
  /** Values that were no numbers. */
  refused: number;
  /** Lines that could not be read and were left out. */
  unread: number;
  /** Series and values that were over a limit and were left out. */
  leftOut: number;
  points: number;
  /** Of the last run. */
  milliseconds: number;
  /** Of all runs: the shortest, the longest, and their sum, in milliseconds. */
  shortest: number;
  longest: number;
  spent: number;
  /** Milliseconds since the epoch; 0 before the first. */
  lastRun: number;
  /** The last run that published something. */
  lastPublished: number;
  /** Runs that have ended since then. */
  silentRuns: number;
}

/** Before the first run. */
export const NO_RUNS: Readonly<RunRecord> = {
  runs: 0,
  failures: 0,
  skipped: 0,
  refused: 0,
  unread: 0,
  leftOut: 0,
  points: 0,
  milliseconds: 0,
  shortest: 0,
  longest: 0,
  spent: 0,
  lastRun: 0,
  lastPublished: 0,
  silentRuns: 0,
};

export function countTime(record: RunRecord, took: number): void {
  record.milliseconds = took;
  record.spent += took;
  if (took > record.longest) record.longest = took;
  if (took < record.shortest || record.runs === 1) record.shortest = took;
}

/** `own`: points about the collector itself. One that publishes nothing else has published nothing. */
export function countPoints(record: RunRecord, points: number, own: number): void {
  record.points += points;
  if (points > own) {
    record.lastPublished = record.lastRun;
    record.silentRuns = 0;
  } else {
    record.silentRuns++;
  }
}
