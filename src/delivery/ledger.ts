/**
 * The books of one handler. At any time
 * `collected = delivered + queued + dropped`, or there is a defect.
 */

/** `overflow`: over queue_bytes; `backlog`: over max_backlog_multiplier; `stopped`: left at the stop. */
export type DropReason = "overflow" | "backlog" | "stopped";
export const dropReasons: readonly DropReason[] = ["overflow", "backlog", "stopped"];

export interface Ledger {
  collected: number;
  delivered: number;
  /** Writes that failed and were or will be tried again. */
  retries: number;
  readonly dropped: Record<DropReason, number>;
}

export function newLedger(): Ledger {
  return {
    collected: 0,
    delivered: 0,
    retries: 0,
    dropped: { overflow: 0, backlog: 0, stopped: 0 },
  };
}

export function droppedTotal(ledger: Ledger): number {
  return dropReasons.reduce((sum, reason) => sum + ledger.dropped[reason], 0);
}

/** Metrics that the books cannot account for, with `queued` of them waiting; 0 where all is well. */
export function imbalance(ledger: Ledger, queued: number): number {
  return ledger.collected - ledger.delivered - queued - droppedTotal(ledger);
}
