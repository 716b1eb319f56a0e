/** Which state a collector is in: from what its runs have left behind. */

import type { CollectorRunner } from "./runner_contract.ts";

/**
 * `waiting`: too young to say. `no data`: it works, and there is nothing to publish. `missing`: it is
 * enabled and cannot run. `off`: it has a section and is not enabled.
 */
export type CollectorState = "ok" | "waiting" | "no data" | "failing" | "missing" | "off";

/** Runs without a point after which a collector that never published has no data: a rate needs two. */
const INITIAL_SILENT_RUNS = 2;
/** The same for one that has published before. */
const SILENT_RUNS = 3;
/** Beyond two intervals, without a run. */
const OVERDUE_SECONDS = 60;

/** Makes nothing: the agent's own metrics ask at each run. */
export function collectorState(runner: CollectorRunner, now: number): CollectorState {
  const { trouble, record } = runner;
  // One of several servers that is away: the points of the others are there.
  if (isAbsent(runner)) return record.silentRuns === 0 ? "failing" : "no data";
  if (trouble !== undefined) return "failing";
  if (isOverdue(runner, now)) return "no data";
  const isNew = record.lastPublished === 0;
  if (record.silentRuns >= (isNew ? INITIAL_SILENT_RUNS : SILENT_RUNS)) return "no data";
  return isNew ? "waiting" : "ok";
}

/** Why there is nothing to collect is newer than any other error. */
export function isAbsent({ absence, trouble }: CollectorRunner): boolean {
  return absence !== undefined && absence.last >= (trouble?.last ?? 0);
}

export function isOverdue({ record, interval }: CollectorRunner, now: number): boolean {
  return record.runs > 0 && now - record.lastRun > 1000 * (2 * interval + OVERDUE_SECONDS);
}
