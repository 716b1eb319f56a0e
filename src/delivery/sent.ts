/**
 * What was sent and may still be lost: a transport says that it took a batch, not that the backend
 * did. A batch stays here until the peer has read it and some time has passed since; when the
 * connection breaks before that, it is sent again. Receivers overwrite equal timestamps.
 */

import type { Metric } from "../core/metric.ts";
import { type Columns, createColumnStore, metricsOf } from "./columns.ts";

/** A batch on its way. One that lies in the spool (`ids`) needs no memory here. */
export interface Batch {
  readonly metrics: readonly Metric[];
  readonly ids: readonly number[];
  readonly points: number;
  /** Has not been in the spool before. */
  readonly fresh: boolean;
}

export interface SentBatches {
  /** Points that are held in memory. */
  readonly held: number;
  /** Points of spooled batches. */
  readonly spooled: number;
  /** `end`: bytes that the line had written with it; `peer`: which one it went to, where there are several. */
  add(batch: Batch, end: number, peer?: number): void;
  /**
   * Forgets and returns what needs no second sending any more. `read`: bytes that the peer has read;
   * `isShort`: of memory, so that what was read goes before its time.
   */
  ack(read: () => number | undefined, isShort: boolean): readonly Batch[];
  /** Forgets and returns everything, or what one peer got, oldest first. */
  reclaim(peer?: number): Batch[];
}

/** However old: a run's points are in one write, and the interval may be long. */
const ALWAYS_KEPT = 2;
/** Between looks at the connection, as a part of the time that batches stay. */
const LOOKS = 4;
const NONE: readonly Batch[] = [];
const NO_METRICS: readonly Metric[] = [];

/** A batch without its metrics. */
interface Sent {
  readonly batch: Batch;
  /** Of one that is not in the spool. */
  readonly columns: Columns | undefined;
  readonly end: number;
  readonly peer: number | undefined;
  /** When it was sent, or last seen unread: for a peer that does not read, no time passes. */
  at: number;
}

export function createSentBatches(seconds: number, monotonic: () => number): SentBatches {
  const store = createColumnStore();
  let batches: Sent[] = [];
  let held = 0;
  let spooled = 0;
  let lastLook = -Infinity;

  const count = (batch: Batch, sign: 1 | -1) => {
    if (batch.ids.length > 0) spooled += sign * batch.points;
    else held += sign * batch.points;
  };

  return {
    get held() {
      return held;
    },
    get spooled() {
      return spooled;
    },
    add(batch, end, peer) {
      const columns = batch.ids.length > 0 ? undefined : store.keep(batch.metrics);
      const { ids, points, fresh } = batch;
      batches.push({
        batch: { metrics: NO_METRICS, ids, points, fresh },
        columns,
        end,
        peer,
        at: monotonic(),
      });
      count(batch, 1);
    },
    ack(read, isShort) {
      const now = monotonic();
      const isTooSoon = !isShort && now - lastLook < (seconds * 1000) / LOOKS;
      if (isTooSoon || batches.length <= ALWAYS_KEPT) return NONE;
      lastLook = now;
      const readBytes = read();
      if (readBytes === undefined) return NONE;
      // How far it has read is an estimate that may be a little too high: the one before is sure.
      for (let at = 0; at < batches.length; at++) {
        if ((batches[at + 1]?.end ?? Infinity) > readBytes) batches[at].at = now;
      }
      // What was seen unread at this very time is not old.
      const limit = isShort ? now - 1 : now - seconds * 1000;
      let old = 0;
      while (old < batches.length - ALWAYS_KEPT && batches[old].at <= limit) old++;
      if (old === 0) return NONE;
      const acked = batches.slice(0, old);
      batches = batches.slice(old);
      return acked.map(({ batch, columns }) => {
        count(batch, -1);
        if (columns !== undefined) store.giveBack(columns);
        return batch;
      });
    },
    reclaim(peer) {
      const isGone = (sent: Sent) => peer === undefined || sent.peer === peer;
      const gone = batches.filter(isGone);
      batches = batches.filter((sent) => !isGone(sent));
      return gone.map(({ batch, columns }) => {
        count(batch, -1);
        return columns === undefined ? batch : { ...batch, metrics: metricsOf(columns) };
      });
    },
  };
}
