/**
 * A handler's spool as its worker uses it. It is opened on first use and closed when it is empty. Its failures
 * never stop the worker: a failing disk is logged once and tried again.
 */

import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Metric } from "../core/metric.ts";
import {
  MAX_PER_WRITE,
  type Spool,
  type SpooledBatch,
  SpoolInUse,
  type Spools,
} from "../ports/spool.ts";
import { createErrorReporter, type ErrorState } from "../core/error_reporter.ts";
import type { DropReason } from "./ledger.ts";

interface SpoolerSettings {
  readonly name: string;
  readonly spools: Spools;
  readonly clock: Clock;
  readonly log: Log;
  /** Stays open while it is empty: `spool = always`. */
  readonly stays: boolean;
  /** Called when the file was opened, with the points that are in it. */
  opened(points: number): void;
  /** Called when points in it were given up. */
  dropped(reason: DropReason, points: number): void;
}

export interface Spooler {
  /** Undefined while the file is not open. */
  readonly spool: Spool | undefined;
  /** Why it cannot be used; undefined while it can. */
  readonly trouble: ErrorState | undefined;
  /** Whether there may be something to read. */
  readonly waiting: boolean;
  /** Stores a batch, in several if it is large; undefined where the disk does not take it now: nothing is stored then. */
  store(metrics: readonly Metric[]): number[] | undefined;
  /** The oldest batches, up to about `most` points. */
  read(most: number): SpooledBatch | undefined;
  ack(ids: readonly number[]): void;
  requeue(ids: readonly number[]): void;
  skip(ids: readonly number[]): void;
  /** Keeps the bounds of size and age. */
  trim(): void;
  /** Removes all points, on demand; returns how many. */
  drop(): number;
  close(): void;
}

/** After a failure: it costs a look at the disk, and a full one stays full for a while. */
const TRY_AGAIN_SECONDS = 10;
const IN_USE_SECONDS = 1;
const REPORT_SECONDS = 600;

export function createSpooler(settings: SpoolerSettings): Spooler {
  const { name, spools, clock, log, stays, opened, dropped } = settings;
  const what = `${name}: its spool`;
  const trouble = createErrorReporter(log, () => clock.now(), REPORT_SECONDS);
  let spool: Spool | undefined;
  let blockedUntil = -Infinity;
  let storesBlockedUntil = -Infinity;
  /** Batches were left to be read when this was asked last. */
  let more = spools.exists(name);

  function isBlocked(stores: boolean): boolean {
    const now = clock.monotonic();
    return now < blockedUntil || (stores && now < storesBlockedUntil);
  }

  /** `stores`: it takes room; a disk that has none can still be read. */
  function guarded<T>(act: (spool: Spool) => T, stores = false): T | undefined {
    if (isBlocked(stores)) return undefined;
    try {
      if (spool === undefined) {
        spool = spools.open(name, log);
        opened(spool.points);
      }
      const result = act(spool);
      dropped("damaged", spool.takeDamaged());
      if (stores || !isBlocked(true)) trouble.clear(what);
      return result;
    } catch (error) {
      if (error instanceof SpoolInUse) {
        blockedUntil = clock.monotonic() + IN_USE_SECONDS * 1000;
        return undefined;
      }
      const until = clock.monotonic() + TRY_AGAIN_SECONDS * 1000;
      storesBlockedUntil = until;
      if (!stores || spool === undefined) blockedUntil = until;
      trouble.report(what, error);
      return undefined;
    }
  }

  /** What is in the file already is known also while the disk takes nothing more. */
  function known(act: (spool: Spool) => void): void {
    if (spool === undefined) return void guarded(act);
    try {
      act(spool);
      dropped("damaged", spool.takeDamaged());
    } catch (error) {
      trouble.report(what, error);
    }
  }

  /** Only what has a file: nothing is opened for it. */
  function withFile<T>(act: (spool: Spool) => T): T | undefined {
    return spool === undefined && !more ? undefined : guarded(act);
  }

  function trim(): void {
    const gone = withFile((open) => open.trim());
    if (gone === undefined) return;
    dropped("spool_full", gone.full);
    dropped("expired", gone.expired);
    closeIfEmpty();
  }

  function closeIfEmpty(): void {
    if (spool === undefined || stays || spool.points > 0) return;
    spool.close();
    spool = undefined;
    more = false;
  }

  return {
    get spool() {
      return spool;
    },
    get trouble() {
      return trouble.state;
    },
    get waiting() {
      return more && clock.monotonic() >= blockedUntil;
    },
    store(metrics) {
      const ids = guarded((open) => {
        const stored: number[] = [];
        try {
          for (let at = 0; at < metrics.length; at += MAX_PER_WRITE) {
            stored.push(open.store(metrics.slice(at, at + MAX_PER_WRITE)));
          }
        } catch (error) {
          open.ack(stored);
          throw error;
        }
        return stored;
      }, true);
      if (ids !== undefined) {
        more = true;
        trim();
      }
      return ids;
    },
    read(most) {
      const batch = withFile((open) => open.read(most));
      if (batch === undefined) {
        if (clock.monotonic() >= blockedUntil) more = false;
        closeIfEmpty();
      }
      return batch;
    },
    ack(ids) {
      if (ids.length === 0) return;
      known((open) => open.ack(ids));
      closeIfEmpty();
    },
    requeue(ids) {
      if (ids.length === 0) return;
      more = true;
      known((open) => open.requeue(ids));
    },
    skip(ids) {
      known((open) => open.skip(ids));
    },
    trim,
    drop() {
      const points = withFile((open) => open.drop()) ?? 0;
      closeIfEmpty();
      return points;
    },
    close() {
      spool?.close();
      spool = undefined;
    },
  };
}
