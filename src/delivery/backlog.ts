/** What waits for a handler: in memory, on disk, and, with `spool = always`, in both until it is sent. */

import type { DeliveryValues } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { createQueue } from "./queue.ts";
import type { Batch } from "./sent.ts";
import type { SpoolPace } from "./spool_pace.ts";
import type { Spooler } from "./spooler.ts";

interface BacklogSettings {
  readonly spooler: Spooler | undefined;
  readonly pace: SpoolPace;
  /** Every batch is on disk before it is sent. */
  readonly always: boolean;
  /** Points in a batch. */
  readonly most: number;
}

const NO_ROWS: readonly number[] = [];

export class Backlog {
  readonly queue = createQueue();
  readonly #spooler: Spooler | undefined;
  readonly #pace: SpoolPace;
  readonly #settings: BacklogSettings;
  /** Batches that are in the spool and in memory, to be sent without reading them back. */
  #persisted: Batch[] = [];

  constructor(settings: BacklogSettings) {
    this.#settings = settings;
    this.#spooler = settings.spooler;
    this.#pace = settings.pace;
  }

  get hasPersisted(): boolean {
    return this.#persisted.length > 0;
  }

  get isSpoolWaiting(): boolean {
    return this.#spooler?.waiting === true;
  }

  isSpoolDue(): boolean {
    return this.isSpoolWaiting && this.#pace.isDue();
  }

  /** All that waits in memory goes to the spool. False where that is not possible. */
  spill(): boolean {
    const { queue } = this;
    if (this.#spooler === undefined) return false;
    if (queue.size === 0) return true;
    const metrics = queue.take(queue.size);
    if (this.#spooler.store(metrics) !== undefined) return true;
    queue.requeue(metrics);
    return false;
  }

  /** With `spool = always`: what waits is on disk afterwards. `keep`: and will be sent from memory. */
  persist(keep: boolean): void {
    const { queue } = this;
    const { always, most } = this.#settings;
    if (!always || this.#spooler === undefined || queue.size === 0) return;
    // A backend that has older ones to take first gets it from the spool later.
    const stays = keep && !this.hasPersisted;
    while (queue.size > 0) {
      const metrics = queue.take(most);
      const ids = this.#spooler.store(metrics);
      if (ids === undefined) return queue.requeue(metrics);
      if (!stays) continue;
      this.#spooler.skip(ids);
      this.#persisted.push({ metrics, ids, points: metrics.length, fresh: true });
    }
  }

  /** They are in the spool: it is enough to read them from there. */
  forgetPersisted(): void {
    for (const { ids } of this.#persisted) this.#spooler?.requeue(ids);
    this.#persisted = [];
  }

  takePersisted(): Batch | undefined {
    return this.#persisted.shift();
  }

  takeQueued(): Batch {
    const metrics = this.queue.take(this.#settings.most);
    return { metrics, ids: NO_ROWS, points: metrics.length, fresh: true };
  }

  /** Up to about `most` points, and one row at least. */
  takeSpooled(most: number): Batch | undefined {
    const read = this.#spooler?.read(most);
    if (read === undefined) {
      this.#pace.isHurrying = false;
      return undefined;
    }
    const { metrics, ids } = read;
    this.#pace.took(metrics.length);
    return { metrics, ids, points: metrics.length, fresh: false };
  }

  /** A batch is sent again as it is. */
  requeue({ ids, metrics }: Batch): void {
    if (ids.length > 0) this.#spooler?.requeue(ids);
    else this.queue.requeue(metrics);
  }

  /** What of a batch could not be delivered waits again, on disk where `store` says so; returns its first row there. */
  requeueRest(batch: Batch, rest: readonly Metric[], store: boolean): number | undefined {
    if (batch.ids.length > 0 && rest.length === batch.metrics.length) {
      this.#spooler?.requeue(batch.ids);
      return batch.ids[0];
    }
    const stored = store ? this.#spooler?.store(rest) : undefined;
    if (stored === undefined) this.queue.requeue(rest);
    this.#spooler?.ack(batch.ids);
    return stored?.[0];
  }

  /** The next batch of the spool is read in place of this one. */
  setAside({ ids }: Batch): void {
    this.#spooler?.skip(ids);
  }

  /** Diamond's bound, where the operator asks for it and nothing is spooled. Returns how many went. */
  trim(options: DeliveryValues): number {
    const { batch, max_backlog_multiplier, trim_backlog_multiplier } = options;
    const bound = batch * max_backlog_multiplier;
    if (this.#spooler !== undefined || bound === 0 || this.queue.size < bound) return 0;
    return this.queue.trim(Math.floor(batch * trim_backlog_multiplier));
  }

  ack({ ids }: Batch): void {
    this.#spooler?.ack(ids);
  }
}
