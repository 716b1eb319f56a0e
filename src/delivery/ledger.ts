/**
 * The ledger of one handler. At any time `collected = delivered + unconfirmed + queued + spooled + dropped`;
 * anything else is a defect. It continues across restarts. All values but `unconfirmed` only grow.
 */

/** Why points were given up. */
export const dropReasons = [
  "overflow",
  "backlog",
  "memory",
  "refused",
  "spool_full",
  "expired",
  "damaged",
  "operator",
  "stopped",
  "killed",
] as const;
export type DropReason = typeof dropReasons[number];

export const whyDropped: Readonly<Record<DropReason, string>> = {
  overflow: "its queue is full (queue_bytes) and nothing is spooled",
  backlog: "its backlog is over max_backlog_multiplier",
  memory: "the agent is over max_memory",
  refused: "the backend will never take them",
  spool_full: "its spool is full (spool_max_bytes), the oldest go",
  expired: "they were in the spool for longer than spool_max_age",
  damaged: "the spool's file is damaged",
  operator: "it was asked for (spool drop)",
  stopped: "they could not be delivered before the stop, nor spooled",
  killed: "the agent was killed while they were in its memory; some may have been delivered",
};

export interface Ledger {
  collected: number;
  delivered: number;
  /** Points that a transport took, and that may still be lost with their connection. */
  unconfirmed: number;
  /** Writes that failed and were or will be tried again. */
  retries: number;
  /** Points that were unconfirmed when their connection broke, and are sent again. */
  resent: number;
  readonly dropped: Record<DropReason, number>;
}

export function newLedger(): Ledger {
  const dropped = Object.fromEntries(dropReasons.map((reason) => [reason, 0]));
  return {
    collected: 0,
    delivered: 0,
    unconfirmed: 0,
    retries: 0,
    resent: 0,
    dropped: dropped as Record<DropReason, number>,
  };
}

export function droppedTotal(ledger: Readonly<Ledger>): number {
  return dropReasons.reduce((sum, reason) => sum + ledger.dropped[reason], 0);
}

/** Returns the number of metrics that the ledger cannot account for, given those that wait; 0 if it is balanced. */
export function imbalance(ledger: Readonly<Ledger>, queued: number, spooled: number): number {
  const { collected, delivered, unconfirmed } = ledger;
  return collected - delivered - unconfirmed - queued - spooled - droppedTotal(ledger);
}

/** The ledger as it is saved between two starts. */
export interface SavedLedger extends Ledger {
  readonly queued: number;
  readonly spooled: number;
  /** Of the unconfirmed points, those that are also in the spool. After a kill they are queued again. */
  readonly unsettled: number;
  /** Whether the ledger was closed at a regular stop. */
  readonly clean: boolean;
}
