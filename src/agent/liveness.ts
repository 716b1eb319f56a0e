/**
 * Checks whether data still flows. The supervisor's watchdog depends on it: an agent that runs but moves no data
 * is restarted.
 */

import { droppedTotal } from "../delivery/ledger.ts";
import type { AgentState } from "./self_metrics.ts";

interface Liveness {
  /** Names what has stalled; undefined while data flows. `now` is the monotonic clock, in milliseconds. */
  stalled(agentState: AgentState, now: number): string | undefined;
}

/** Allowed time beyond two intervals without a finished run, successful or not. */
const GRACE_MS = 60_000;
/** Allowed time without progress for points queued in memory. It exceeds the longest pause between two attempts. */
const WORKER_MS = 600_000;

export function createLiveness(): Liveness {
  const seen = new Map<string, { sum: number; at: number }>();

  /** How long the sum has been unchanged. */
  function still(key: string, sum: number, now: number): number {
    const before = seen.get(key);
    if (before !== undefined && before.sum === sum) return now - before.at;
    seen.set(key, { sum, at: now });
    return 0;
  }

  return {
    stalled({ runners, workers }, now) {
      const known = new Set<string>();
      let why: string | undefined;
      for (const { name, interval, record } of runners) {
        const key = `collector ${name}`;
        known.add(key);
        const { runs, failures, skipped } = record;
        const ms = still(key, runs + failures + skipped, now);
        if (ms > 2000 * interval + GRACE_MS) {
          why ??= `${name} has not run for ${Math.round(ms / 1000)} s`;
        }
      }
      for (const { name, ledger, queued, spooled } of workers) {
        const key = `handler ${name}`;
        known.add(key);
        const moved = ledger.delivered + ledger.unconfirmed + ledger.retries +
          droppedTotal(ledger) + spooled;
        const ms = still(key, queued === 0 ? now : moved, now);
        if (ms > WORKER_MS) why ??= `${name} has done nothing for ${Math.round(ms / 1000)} s`;
      }
      for (const key of seen.keys()) if (!known.has(key)) seen.delete(key);
      return why;
    },
  };
}
