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
import {
  createErrorReporter,
  type ErrorReporter,
  type ErrorState,
} from "../core/error_reporter.ts";
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
  return new WorkerSpooler(settings);
}

class WorkerSpooler implements Spooler {
  readonly #settings: SpoolerSettings;
  readonly #what: string;
  readonly #trouble: ErrorReporter;
  #spool: Spool | undefined;
  #blockedUntil = -Infinity;
  #storesBlockedUntil = -Infinity;
  /** Batches were left to be read when this was asked last. */
  #hasMore: boolean;

  constructor(settings: SpoolerSettings) {
    const { name, spools, clock, log } = settings;
    this.#settings = settings;
    this.#what = `${name}: its spool`;
    this.#trouble = createErrorReporter(log, () => clock.now(), REPORT_SECONDS);
    this.#hasMore = spools.exists(name);
  }

  get spool(): Spool | undefined {
    return this.#spool;
  }

  get trouble(): ErrorState | undefined {
    return this.#trouble.state;
  }

  get waiting(): boolean {
    return this.#hasMore && !this.#isBlocked(false);
  }

  store(metrics: readonly Metric[]): number[] | undefined {
    const ids = this.#guarded((spool) => storeInBatches(spool, metrics), true);
    if (ids !== undefined) {
      this.#hasMore = true;
      this.trim();
    }
    return ids;
  }

  read(most: number): SpooledBatch | undefined {
    const batch = this.#withFile((spool) => spool.read(most));
    if (batch === undefined) {
      if (!this.#isBlocked(false)) this.#hasMore = false;
      this.#closeIfEmpty();
    }
    return batch;
  }

  ack(ids: readonly number[]): void {
    if (ids.length === 0) return;
    this.#known((spool) => spool.ack(ids));
    this.#closeIfEmpty();
  }

  requeue(ids: readonly number[]): void {
    if (ids.length === 0) return;
    this.#hasMore = true;
    this.#known((spool) => spool.requeue(ids));
  }

  skip(ids: readonly number[]): void {
    this.#known((spool) => spool.skip(ids));
  }

  trim(): void {
    const gone = this.#withFile((spool) => spool.trim());
    if (gone === undefined) return;
    const { dropped } = this.#settings;
    dropped("spool_full", gone.full);
    dropped("expired", gone.expired);
    this.#closeIfEmpty();
  }

  drop(): number {
    const points = this.#withFile((spool) => spool.drop()) ?? 0;
    this.#closeIfEmpty();
    return points;
  }

  close(): void {
    this.#spool?.close();
    this.#spool = undefined;
  }

  #closeIfEmpty(): void {
    if (this.#spool === undefined || this.#settings.stays || this.#spool.points > 0) return;
    this.close();
    this.#hasMore = false;
  }

  #isBlocked(stores: boolean): boolean {
    const now = this.#settings.clock.monotonic();
    return now < this.#blockedUntil || (stores && now < this.#storesBlockedUntil);
  }

  /** Only what has a file: nothing is opened for it. */
  #withFile<T>(act: (spool: Spool) => T): T | undefined {
    return this.#spool === undefined && !this.#hasMore ? undefined : this.#guarded(act);
  }

  /** `stores`: it takes room; a disk that has none can still be read. */
  #guarded<T>(act: (spool: Spool) => T, stores = false): T | undefined {
    if (this.#isBlocked(stores)) return undefined;
    try {
      const spool = this.#spool ??= this.#open();
      const result = act(spool);
      this.#settings.dropped("damaged", spool.takeDamaged());
      if (stores || !this.#isBlocked(true)) this.#trouble.clear(this.#what);
      return result;
    } catch (error) {
      this.#failed(error, stores);
      return undefined;
    }
  }

  #open(): Spool {
    const { name, spools, log, opened } = this.#settings;
    const spool = spools.open(name, log);
    this.#spool = spool;
    opened(spool.points);
    return spool;
  }

  #failed(error: unknown, stores: boolean): void {
    const now = this.#settings.clock.monotonic();
    if (error instanceof SpoolInUse) {
      this.#blockedUntil = now + IN_USE_SECONDS * 1000;
      return;
    }
    const until = now + TRY_AGAIN_SECONDS * 1000;
    this.#storesBlockedUntil = until;
    if (!stores || this.#spool === undefined) this.#blockedUntil = until;
    this.#trouble.report(this.#what, error);
  }

  /** What is in the file already is known also while the disk takes nothing more. */
  #known(act: (spool: Spool) => void): void {
    const spool = this.#spool;
    if (spool === undefined) return void this.#guarded(act);
    try {
      act(spool);
      this.#settings.dropped("damaged", spool.takeDamaged());
    } catch (error) {
      this.#trouble.report(this.#what, error);
    }
  }
}

/** All or nothing. */
function storeInBatches(spool: Spool, metrics: readonly Metric[]): number[] {
  const stored: number[] = [];
  try {
    for (let at = 0; at < metrics.length; at += MAX_PER_WRITE) {
      stored.push(spool.store(metrics.slice(at, at + MAX_PER_WRITE)));
    }
  } catch (error) {
    spool.ack(stored);
    throw error;
  }
  return stored;
}
