/**
 * What was sent and may still be lost: a transport says that it took a batch, not that the backend
 * did. A batch stays here until it is old enough and the peer's system has acknowledged it; when the
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
  add(batch: Batch): void;
  /** Forgets and returns what needs no second sending any more. */
  ack(acknowledged: () => boolean): Batch[];
  /** Forgets and returns everything, oldest first. */
  reclaim(): Batch[];
}

/** However old: a run's points are in one write, and the interval may be long. */
const ALWAYS_KEPT = 2;
/** Between looks at the kernel's table, as a part of the time that batches stay. */
const LOOKS = 4;

/** A batch without its metrics. */
interface Sent {
  readonly batch: Batch;
  /** Of one that is not in the spool. */
  readonly columns: Columns | undefined;
  readonly at: number;
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
    add(batch) {
      const columns = batch.ids.length > 0 ? undefined : store.keep(batch.metrics);
      batches.push({ batch: { ...batch, metrics: [] }, columns, at: monotonic() });
      count(batch, 1);
    },
    ack(acknowledged) {
      const now = monotonic();
      const limit = now - seconds * 1000;
      let old = 0;
      while (old < batches.length - ALWAYS_KEPT && batches[old].at <= limit) old++;
      if (old === 0 || now - lastLook < (seconds * 1000) / LOOKS) return [];
      lastLook = now;
      if (!acknowledged()) return [];
      const acked = batches.slice(0, old);
      batches = batches.slice(old);
      return acked.map(({ batch, columns }) => {
        count(batch, -1);
        if (columns !== undefined) store.giveBack(columns);
        return batch;
      });
    },
    reclaim() {
      const all = batches;
      batches = [];
      held = 0;
      spooled = 0;
      return all.map(({ batch, columns }) =>
        columns === undefined ? batch : { ...batch, metrics: metricsOf(columns) }
      );
    },
  };
}
