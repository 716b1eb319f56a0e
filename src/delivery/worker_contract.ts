/** What a worker is to those who use it, and what it is made of. */

import type { ErrorState } from "../core/error_reporter.ts";
import type { DeliveryValues, Receipt, Sink } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Spools } from "../ports/spool.ts";
import type { Ledger, SavedLedger } from "./ledger.ts";

export interface WorkerSettings {
  readonly name: string;
  readonly sink: Sink;
  readonly receipt: Receipt;
  /** The backend takes a series' points in the order of their times only. */
  readonly ordered?: boolean;
  readonly options: DeliveryValues;
  /** Points in one write; absent: as many as there are. */
  readonly largest?: number;
  /** Undefined if no spool folder is available. */
  readonly spools: Spools | undefined;
  /** The ledger of an earlier run. */
  readonly saved: SavedLedger | undefined;
  /** Called with what the backend has taken. */
  readonly taken?: (metrics: readonly Metric[]) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

export interface Worker {
  readonly name: string;
  readonly receipt: Receipt;
  /** Puts metrics into the queue. Never waits, never throws. */
  offer(metrics: readonly Metric[]): void;
  /** With `spool = always`: what waits is on disk when this returns. */
  persist(): void;
  /** A run has ended: what waits is written now. */
  flush(): void;
  /** The agent is short of memory: what waits goes to the spool, or else half of it is dropped. */
  shedMemory(): void;
  /** Tries at once, without regard to a back-off or a rate, until the spool is empty. */
  flushSpool(): void;
  /** Gives up what is in the spool; returns how many. */
  dropSpool(): number;
  /** Takes over the ledger of the worker that a reload replaced. */
  adopt(saved: SavedLedger): void;
  /** Once a minute: keeps the spool's bounds. */
  trimSpool(): void;
  /** Writes what it can within `seconds`, spools the rest or counts it as dropped, closes the sink. */
  stop(seconds: number): Promise<void>;
  readonly ledger: Readonly<Ledger>;
  readonly queued: number;
  readonly spooled: number;
  /** Bytes of the spool on disk. */
  readonly spoolBytes: number;
  /** Seconds since the epoch of the oldest point that waits; undefined where none does. */
  readonly oldest: number | undefined;
  /** Seconds from the slot of the last new points that were written to the end of their write. */
  readonly lag: number | undefined;
  readonly trouble: ErrorState | undefined;
  /** Why its spool cannot be used; undefined while it can. */
  readonly spoolTrouble: ErrorState | undefined;
  saved(clean: boolean): SavedLedger;
}
