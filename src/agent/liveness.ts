/** Does data still flow? What a supervisor's watchdog is told of: an agent that only breathes is restarted. */

import { droppedTotal } from "../delivery/ledger.ts";
import type { AgentState } from "./self_metrics.ts";

interface Liveness {
  /** Undefined where it flows, else what stands still. `now` is the monotonic clock, in milliseconds. */
  stalled(agentState: AgentState, now: number): string | undefined;
}

/** Beyond two intervals, without a run that ended well or badly. */
const GRACE_MS = 60_000;
/** For points that wait in memory: longer than the longest pause between two tries. */
const WORKER_MS = 600_000;

export function createLiveness(): Liveness {
  const seen = new Map<string, { sum: number; at: number }>();

  /** How long the sum has been the same. */
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
