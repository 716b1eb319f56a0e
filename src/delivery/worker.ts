/**
 * Delivers to one handler: a slow or dead backend costs its own worker only. New points go first and the spool follows
 * in the gaps, oldest first, unless the backend wants order. While it is away, each tick goes straight to the spool.
 */

import { codeOf, timedOut } from "../core/errors.ts";
import type { DeliveryValues, Receipt, Sink } from "../core/handler.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metric } from "../core/metric.ts";
import { MAX_PER_WRITE } from "../ports/spool.ts";
import type { ErrorState } from "../core/error_reporter.ts";
import { Account } from "./account.ts";
import { Backlog } from "./backlog.ts";
import { Deadline, within } from "./deadline.ts";
import type { Ledger, SavedLedger } from "./ledger.ts";
import { type Outcome, type PartsSettings, writeParts } from "./poison.ts";
import { BYTES_PER_METRIC } from "./queue.ts";
import { Refusals, SEARCH_TRIES } from "./refusals.ts";
import type { Batch } from "./sent.ts";
import { Retry } from "./retry.ts";
import { SpoolPace } from "./spool_pace.ts";
import type { Spooler } from "./spooler.ts";
import { Turns } from "./turns.ts";
import type { Unconfirmed } from "./unconfirmed.ts";
import type { Worker, WorkerSettings } from "./worker_contract.ts";
import { spoolerOf, unconfirmedOf } from "./worker_parts.ts";

export type { Worker, WorkerSettings } from "./worker_contract.ts";

/** For a sink's own end, beyond the time for the last flush. */
const CLOSE_SECONDS = 2;
/** For a write to heed its signal. */
const ABORT_SECONDS = 0.5;
/** After a write by a connection of which nothing is known yet: a wrong port answers, or closes it, soon. */
const LOOK_MS = 1000;
/** Between looks at a suspect. */
const PROOF_LOOK_MS = 500;

export function createWorker(settings: WorkerSettings): Worker {
  return new DeliveryWorker(settings);
}

class DeliveryWorker implements Worker {
  readonly name: string;
  readonly receipt: Receipt;
  readonly ledger: Ledger;
  lag: number | undefined;
  readonly #settings: WorkerSettings;
  readonly #sink: Sink;
  readonly #options: DeliveryValues;
  readonly #clock: Clock;
  readonly #account: Account;
  readonly #spooler: Spooler | undefined;
  readonly #pace: SpoolPace;
  readonly #backlog: Backlog;
  readonly #unconfirmed: Unconfirmed;
  readonly #refusals = new Refusals();
  readonly #deadline: Deadline;
  readonly #retry: Retry;
  /** Points in a write, and in memory. */
  readonly #most: number;
  readonly #capacity: number;
  /** Made once: a write leaves little behind. */
  readonly #usual: PartsSettings;
  readonly #write = (part: readonly Metric[]) => this.#deadline.write(part);
  readonly #turns = new Turns({ isDue: () => this.#isDue(), drain: () => this.#drain() });
  #inFlight: Batch | undefined;
  #isFlushWanted = false;
  #isLookWanted = false;
  #isLookPlanned = false;
  #isStopping = false;
  #isClosed = false;
  /** All of it was refused again and again, so the one behind it is tried. */
  #aside: { readonly batch: Batch; readonly error: unknown } | undefined;

  constructor(settings: WorkerSettings) {
    const { name, sink, receipt, options, spools, saved, clock } = settings;
    this.name = name;
    this.receipt = receipt;
    this.#settings = settings;
    this.#sink = sink;
    this.#options = options;
    this.#clock = clock;
    const { largest = Infinity, ordered = false } = settings;
    this.#usual = { largest, ordered, tries: SEARCH_TRIES, condemned: false };
    this.#most = Math.max(options.batch, MAX_PER_WRITE);
    this.#capacity = Math.floor(options.queue_bytes / BYTES_PER_METRIC);
    const account = this.#account = new Account(settings);
    this.ledger = account.ledger;
    this.#retry = new Retry(settings);
    this.#deadline = new Deadline(sink, clock, options.timeout, settings.taken);
    const spooler = this.#spooler = spoolerOf(settings, account);
    const pace = this.#pace = new SpoolPace(clock, options.spool_rate, () => this.#turns.wake());
    const always = options.spool === "always";
    this.#backlog = new Backlog({ spooler, pace, always, most: this.#most });
    this.#unconfirmed = unconfirmedOf(settings, account, this.#backlog, () => {
      this.#isFlushWanted = true;
    });
    if (saved !== undefined) {
      this.adopt(saved);
      // Books that have a spool which is not there are put right now.
      if (spools?.exists(name) !== true) account.reconcile(0);
    }
    spooler?.trim();
    this.#turns.wake();
  }

  get queued(): number {
    const batch = this.#inFlight;
    return this.#backlog.queue.size +
      (batch !== undefined && batch.ids.length === 0 ? batch.points : 0);
  }

  /** What is in flight from the spool, or persisted in it, still waits there. */
  get spooled(): number {
    return (this.#spooler?.spool?.points ?? this.#account.expected) - this.#unconfirmed.spooled;
  }

  get spoolBytes(): number {
    return this.#spooler?.spool?.bytes ?? 0;
  }

  get oldest(): number | undefined {
    return this.#spooler?.spool?.oldest ?? this.#inFlight?.metrics[0]?.timestamp ??
      this.#backlog.queue.oldest?.timestamp;
  }

  get trouble(): ErrorState | undefined {
    return this.#retry.trouble;
  }

  get spoolTrouble(): ErrorState | undefined {
    return this.#spooler?.trouble;
  }

  saved(clean: boolean): SavedLedger {
    return {
      ...this.ledger,
      dropped: { ...this.ledger.dropped },
      queued: this.queued,
      spooled: this.spooled,
      unsettled: this.#unconfirmed.spooled,
      clean,
    };
  }

  adopt(saved: SavedLedger): void {
    this.#account.adopt(saved, this.#spooler?.spool !== undefined);
  }

  offer(metrics: readonly Metric[]): void {
    this.ledger.collected += metrics.length;
    if (this.#isStopping) return this.#account.drop("stopped", metrics.length);
    this.#backlog.queue.push(metrics);
    if (this.queued + this.#unconfirmed.held > this.#capacity) this.#overflow();
    this.#turns.wake();
  }

  persist(): void {
    const isOrdered = this.#settings.ordered === true && this.#backlog.isSpoolWaiting;
    // A backend that is away gets it from the spool later.
    this.#backlog.persist(this.#retry.failures === 0 && !isOrdered);
  }

  flush(): void {
    this.#isFlushWanted = true;
    if (this.#retry.failures > 0 && !this.#isStopping) this.#backlog.spill();
    this.#turns.wake();
  }

  shedMemory(): void {
    const { queue } = this.#backlog;
    this.#backlog.forgetPersisted();
    if (!this.#backlog.spill()) this.#account.drop("memory", queue.trim(queue.size >> 1));
  }

  flushSpool(): void {
    this.#pace.isHurrying = true;
    this.#pace.stopWaiting();
    this.#retry.interrupt();
    this.#turns.wake();
  }

  dropSpool(): number {
    const points = this.#spooler?.drop() ?? 0;
    this.#account.drop("operator", points);
    return points;
  }

  trimSpool(): void {
    this.#spooler?.trim();
  }

  async stop(seconds: number): Promise<void> {
    const { queue } = this.#backlog;
    this.#isStopping = true;
    this.#retry.isLast = true;
    this.#isFlushWanted = true;
    this.#pace.stopWaiting();
    this.#retry.interrupt();
    this.#turns.wake();
    await this.#lastFlush(seconds);
    const unfinished = this.#inFlight;
    this.#inFlight = undefined;
    if (unfinished !== undefined) {
      this.#backlog.requeueRest(unfinished, unfinished.metrics, false);
    }
    this.#takeAsideBack();
    this.#backlog.forgetPersisted();
    await this.#closeSink();
    if (!this.#backlog.spill()) this.#account.drop("stopped", queue.trim(0));
    this.#account.expected = this.spooled;
    this.#spooler?.close();
    this.#account.audit(this.queued, this.spooled);
  }

  /** The memory that this worker may have is used up. */
  #overflow(): void {
    const { queue } = this.#backlog;
    this.#unconfirmed.confirm(true);
    if (this.queued + this.#unconfirmed.held <= this.#capacity) return;
    if (this.#backlog.spill()) {
      if (this.queued + this.#unconfirmed.held <= this.#capacity) return;
      // A peer that does not read: what it may not have is kept on disk instead.
      this.#unconfirmed.reclaim();
      this.#backlog.spill();
      return;
    }
    const inFlight = this.queued - queue.size;
    const room = Math.max(0, this.#capacity - inFlight - this.#unconfirmed.held);
    this.#account.drop("overflow", queue.trim(room));
  }

  #isDue(): boolean {
    if (this.#isClosed) return false;
    const { size } = this.#backlog.queue;
    if (size === 0) this.#isFlushWanted = false;
    // A suspect gets nothing more at the stop where it can be kept.
    if (this.#isStopping && this.#unconfirmed.isSuspect && this.#spooler !== undefined) {
      return false;
    }
    return this.#isLookWanted || this.#backlog.hasPersisted ||
      (size > 0 && (this.#isFlushWanted || size >= this.#most)) || this.#isSpoolDue();
  }

  #isSpoolDue(): boolean {
    return !this.#isStopping && this.#backlog.isSpoolDue();
  }

  /** Writes for as long as the backend takes all at once; returns what has to be waited for before the next one. */
  #drain(): Promise<void> | undefined {
    while (this.#isDue()) {
      this.#isLookWanted = false;
      const fault = this.#unconfirmed.check();
      if (fault !== undefined) return this.#backOff(fault);
      this.#unconfirmed.confirm();
      const batch = this.#next();
      if (batch === undefined) {
        if (this.#aside === undefined) continue;
        const { error } = this.#aside;
        this.#takeAsideBack();
        return this.#backOff(error);
      }
      this.#inFlight = batch;
      const limits = this.#refusals.limits(batch, this.#usual);
      const outcome = writeParts(batch.metrics, limits, this.#write);
      const pending = outcome instanceof Promise
        ? outcome.then((known) => this.#conclude(batch, known))
        : this.#conclude(batch, outcome);
      if (pending !== undefined) return pending;
    }
    return undefined;
  }

  /** New points first, then those of the spool; in order: the other way round. */
  #next(): Batch | undefined {
    const { queue } = this.#backlog;
    this.persist();
    const { ordered } = this.#settings;
    if (ordered && this.#backlog.isSpoolWaiting && !this.#isStopping) this.#backlog.spill();
    const first = this.#backlog.takePersisted();
    if (first !== undefined) return first;
    if (queue.size > 0 && (this.#isFlushWanted || queue.size >= this.#most)) {
      return this.#backlog.takeQueued();
    }
    const most = this.#refusals.isRefusing ? 1 : MAX_PER_WRITE;
    return this.#isSpoolDue() ? this.#backlog.takeSpooled(most) : undefined;
  }

  /** Resolves when the next batch may go. */
  #conclude(batch: Batch, outcome: Outcome): Promise<void> | undefined {
    // The stop did not wait for this one, and has put it where it is kept.
    if (this.#inFlight !== batch) return undefined;
    this.#inFlight = undefined;
    this.#account.refused(batch.points, outcome);
    const isOther = this.#takeAsideBack();
    const isTaken = outcome.delivered > 0;
    if (isTaken || outcome.error === undefined) this.#refusals.done(batch, isTaken);
    if (outcome.error !== undefined) return this.#failed(batch, outcome, isOther);
    this.#succeeded(batch, outcome);
    if (this.#unconfirmed.isSuspect) return this.#prove();
    // A backend that takes everything at once must not keep the next tick waiting.
    return batch.fresh && batch.points < MAX_PER_WRITE ? undefined : this.#clock.sleep(0);
  }

  #succeeded(batch: Batch, { delivered }: Outcome): void {
    const { metrics } = batch;
    this.#unconfirmed.add(batch, delivered);
    if (batch.fresh) this.lag = this.#clock.now() / 1000 - metrics[metrics.length - 1].timestamp;
    if (this.#unconfirmed.wantsLook) this.#planLook();
    if (!this.#unconfirmed.isSuspect) this.#isWell();
  }

  #isWell(): void {
    this.#retry.succeeded(() =>
      `${this.queued} metrics wait in memory, ${this.spooled} in the spool`
    );
  }

  /** `isOther`: it was tried in the place of one that is refused. */
  #failed(batch: Batch, outcome: Outcome, isOther: boolean): Promise<void> | undefined {
    const { rest, error, delivered } = outcome;
    this.ledger.delivered += delivered;
    const isStored = this.#options.spool !== "off" && !this.#isStopping;
    const row = this.#backlog.requeueRest(batch, rest, isStored);
    if (codeOf(error) === "refused" && delivered === 0) {
      this.#refusals.refused(row ?? rest[0]);
      if (!isOther && this.#triesOther(batch, error)) return undefined;
    }
    return this.#backOff(error);
  }

  /** One batch that is refused keeps the others back: is it this one that is at fault, or would all be refused? */
  #triesOther(batch: Batch, error: unknown): boolean {
    if (batch.fresh || this.#isStopping || !this.#refusals.wantsOther) return false;
    this.#backlog.setAside(batch);
    const hasOther = this.#backlog.isSpoolWaiting;
    if (hasOther) this.#aside = { batch, error };
    else this.#backlog.requeue(batch);
    return hasOther;
  }

  #takeAsideBack(): boolean {
    if (this.#aside === undefined) return false;
    this.#backlog.requeue(this.#aside.batch);
    this.#aside = undefined;
    return true;
  }

  async #backOff(error: unknown): Promise<void> {
    this.ledger.retries++;
    this.#retry.failed(error);
    this.#backlog.forgetPersisted();
    if (this.#isClosed) return;
    if (!this.#isStopping) this.#backlog.spill();
    this.#account.drop("backlog", this.#backlog.trim(this.#options));
    await this.#retry.backOff(error);
  }

  /** Waits until a suspect has kept what it was sent for long enough, or shows that it is none to send to. */
  async #prove(): Promise<void> {
    while (!this.#isStopping && !this.#isClosed) {
      await this.#retry.sleep(PROOF_LOOK_MS);
      const fault = this.#unconfirmed.check();
      if (fault !== undefined) return await this.#backOff(fault);
      if (this.#unconfirmed.prove()) return this.#isWell();
      if (this.#unconfirmed.wantsWrite) return;
    }
  }

  /** A look at the connection that no write is needed for. */
  #planLook(): void {
    if (this.#isLookPlanned) return;
    this.#isLookPlanned = true;
    this.#clock.after(LOOK_MS, () => {
      this.#isLookPlanned = false;
      this.#isLookWanted = true;
      this.#turns.wake();
    });
  }

  async #lastFlush(seconds: number): Promise<void> {
    const ended = this.#turns.end();
    await within(this.#clock, seconds, ended);
    this.#isClosed = true;
    this.#retry.interrupt();
    if (this.#turns.pending === undefined) return;
    // An aborted write may still report how far it came.
    this.#deadline.abort(timedOut("The agent stops"));
    await within(this.#clock, ABORT_SECONDS, ended);
  }

  async #closeSink(): Promise<void> {
    const close = Promise.resolve(this.#sink[Symbol.asyncDispose]()).catch((error) =>
      this.#settings.log.debug(`${this.name}: closing failed: ${error}`)
    );
    const isClosed = await within(this.#clock, CLOSE_SECONDS, close);
    this.#unconfirmed.end(isClosed, this.#spooler !== undefined);
  }
}
