/**
 * One handler's delivery: its queue, its deadline, its retries, its spool, its books. Written once,
 * for every handler; a slow or dead backend costs its own worker and nobody else.
 *
 * New points go first; what lies in the spool follows in the gaps, oldest first: unless the backend
 * wants its points in order, then new ones queue up in the spool. While the backend is away, each tick
 * goes straight to the spool, so that memory stays as it was.
 */

import { codeOf, type Failure, messageOf, timedOut } from "../core/errors.ts";
import type { DeliveryValues, Receipt, Sink } from "../core/handler.ts";
import type { Clock } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { Metric } from "../core/metric.ts";
import { MAX_PER_WRITE, type Spools } from "../ports/spool.ts";
import { createErrorReporter, type ErrorState } from "../core/error_reporter.ts";
import { backoffSeconds } from "./backoff.ts";
import {
  type DropReason,
  imbalance,
  type Ledger,
  newLedger,
  type SavedLedger,
  whyDropped,
} from "./ledger.ts";
import { type Outcome, writeParts } from "./poison.ts";
import { BYTES_PER_METRIC, createQueue } from "./queue.ts";
import { type Batch, createSentBatches } from "./sent.ts";
import { createSpooler } from "./spooler.ts";

export interface WorkerSettings {
  readonly name: string;
  readonly sink: Sink;
  readonly receipt: Receipt;
  /** The backend takes a series' points in the order of their times only. */
  readonly ordered?: boolean;
  readonly options: DeliveryValues;
  /** Points in one write; absent: as many as there are. */
  readonly largest?: number;
  /** Undefined where there is no place for spools. */
  readonly spools: Spools | undefined;
  /** The books of an earlier run. */
  readonly saved: SavedLedger | undefined;
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
  /** Takes over the books of the worker that was here before a reload. */
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
  saved(clean: boolean): SavedLedger;
}

/** Between tries of the last flush: there is no time for a back-off. */
const STOP_RETRY_SECONDS = 0.25;
/** A backend may ask to be left alone for this long. */
const MAX_ASKED_SECONDS = 300;
/** For a sink's own end, beyond the time for the last flush. */
const CLOSE_SECONDS = 2;
/** For a write to heed its signal. */
const ABORT_SECONDS = 0.5;
/** Times that a backend may refuse everything before its points are looked at one by one. */
const PATIENCE = 3;

export function createWorker(settings: WorkerSettings): Worker {
  const { name, sink, receipt, options, spools, saved, clock, log, random } = settings;
  const { largest = Infinity, ordered = false } = settings;
  const most = Math.max(options.batch, MAX_PER_WRITE);
  const capacity = Math.floor(options.queue_bytes / BYTES_PER_METRIC);
  const queue = createQueue();
  const ledger = newLedger();
  const trouble = createErrorReporter(log, () => clock.now(), options.server_error_interval);
  const refusals = createErrorReporter(log, () => clock.now(), options.server_error_interval);
  const sent = createSentBatches(options.resend_seconds, () => clock.monotonic());
  const resends = sink.line !== undefined && options.resend_seconds > 0;
  const spooler = options.spool === "off" || spools === undefined ? undefined : createSpooler({
    name,
    spools,
    clock,
    log,
    stays: options.spool === "always",
    opened: reconcile,
    dropped: drop,
  });
  /** Points of the books that a spool holds which is not open yet, and those that may be sent twice. */
  let expected = 0;
  let unsettled = 0;
  /** Batches that are in the spool and in memory, to be sent without reading them back. */
  let persisted: Batch[] = [];
  let inFlight: Batch | undefined;
  let failures = 0;
  let refusedWhole = 0;
  let flushWanted = false;
  let spoolAllowedAt = -Infinity;
  let flushingSpool = false;
  let draining: Promise<void> | undefined;
  /** In the part of a drain that needs no promise. */
  let writing = false;
  let stopping = false;
  let closed = false;
  let lag: number | undefined;
  let pause = new AbortController();
  /** Of the write that is under way, and of those after it until one is late. */
  let deadline = new AbortController();
  let timer: AbortController | undefined;

  if (saved !== undefined) {
    adopt(saved);
    if (!saved.clean) drop("killed", saved.queued);
    // Books that have a spool which is not there are put right now.
    if (spools?.exists(name) !== true) reconcile(0);
  }
  spooler?.trim();
  wake();

  function adopt(earlier: SavedLedger): void {
    for (const key of ["collected", "delivered", "retries", "resent"] as const) {
      ledger[key] += earlier[key];
    }
    for (const [reason, count] of Object.entries(earlier.dropped)) {
      if (Object.hasOwn(ledger.dropped, reason)) ledger.dropped[reason as DropReason] += count;
    }
    if (earlier.clean) drop("stopped", earlier.queued);
    // The spool is open already, and what is in it was counted then.
    if (spooler?.spool !== undefined) ledger.collected -= earlier.spooled;
    else expected += earlier.spooled;
    unsettled += earlier.unsettled;
  }

  /** The books say what is in the spool; the spool knows better. */
  function reconcile(found: number): void {
    if (found < expected) drop("damaged", expected - found);
    else {
      const again = Math.min(found - expected, unsettled);
      ledger.delivered -= again;
      ledger.collected += found - expected - again;
    }
    expected = 0;
    unsettled = 0;
  }

  /** What is in flight from the spool, or secured in it, still waits there. */
  function spooled(): number {
    return (spooler?.spool?.points ?? expected) - sent.spooled;
  }

  /** Points in memory that are nowhere else. */
  function queued(): number {
    return queue.size + (inFlight !== undefined && inFlight.ids.length === 0 ? inFlight.points : 0);
  }

  function offer(metrics: readonly Metric[]): void {
    ledger.collected += metrics.length;
    if (stopping) return drop("stopped", metrics.length);
    queue.push(metrics);
    if (queued() + sent.held > capacity) overflow();
    wake();
  }

  /** The memory that this worker may have is used up. */
  function overflow(): void {
    if (spill()) {
      if (queued() + sent.held <= capacity) return;
      // A peer that does not acknowledge: what it may not have is kept on disk instead.
      reclaimSent();
      spill();
      return;
    }
    const room = Math.max(0, capacity - (queued() - queue.size) - sent.held);
    drop("overflow", queue.trim(room));
  }

  function drop(reason: DropReason, count: number): void {
    if (count === 0) return;
    if (ledger.dropped[reason] === 0 && count > 0) {
      log.warn(`${name} drops ${count} metrics: ${whyDropped[reason]}. More are counted in status`);
    }
    ledger.dropped[reason] += count;
  }

  /** All that waits in memory goes to the spool. False where that is not possible. */
  function spill(): boolean {
    if (spooler === undefined) return false;
    if (queue.size === 0) return true;
    const metrics = queue.take(queue.size);
    if (spooler.store(metrics) !== undefined) return true;
    queue.requeue(metrics);
    return false;
  }

  function persist(): void {
    if (options.spool !== "always" || spooler === undefined || queue.size === 0) return;
    // A backend that is away, or has older ones to take first, gets it from the spool later.
    const keep = failures === 0 && persisted.length === 0 && !(ordered && spooler.waiting);
    while (queue.size > 0) {
      const metrics = queue.take(most);
      const ids = spooler.store(metrics);
      if (ids === undefined) return queue.requeue(metrics);
      if (!keep) continue;
      spooler.skip(ids);
      persisted.push({ metrics, ids, points: metrics.length, fresh: true });
    }
  }

  function flush(): void {
    flushWanted = true;
    if (failures > 0 && !stopping) spill();
    wake();
  }

  /** They are in the spool: it is enough to read them from there. */
  function forgetPersisted(): void {
    for (const { ids } of persisted) spooler?.requeue(ids);
    persisted = [];
  }

  function shedMemory(): void {
    forgetPersisted();
    if (!spill()) drop("memory", queue.trim(queue.size >> 1));
  }

  function wake(): void {
    if (draining !== undefined || writing || !due()) return;
    writing = true;
    let pending: Promise<void> | undefined;
    try {
      pending = drain();
    } catch (error) {
      // Nothing of a handler's may end the tick that it is called from.
      pending = Promise.reject(error);
    }
    writing = false;
    if (pending === undefined) return;
    draining = goOn(pending).finally(() => {
      draining = undefined;
      wake();
    });
  }

  async function goOn(pending: Promise<void>): Promise<void> {
    for (let next: Promise<void> | undefined = pending; next !== undefined; next = drain()) {
      await next;
    }
  }

  function due(): boolean {
    if (closed) return false;
    if (queue.size === 0) flushWanted = false;
    return persisted.length > 0 || (queue.size > 0 && (flushWanted || queue.size >= most)) ||
      spoolDue();
  }

  function spoolDue(): boolean {
    if (stopping || spooler?.waiting !== true) return false;
    const wait = spoolAllowedAt - clock.monotonic();
    if (wait <= 0 || flushingSpool) return true;
    later(wait);
    return false;
  }

  function later(ms: number): void {
    if (timer !== undefined) return;
    const mine = timer = new AbortController();
    void clock.sleep(ms, mine.signal).then(() => {
      if (timer === mine) timer = undefined;
      wake();
    });
  }

  /** Writes for as long as the backend takes all at once; returns what has to be waited for before the next one. */
  function drain(): Promise<void> | undefined {
    while (due()) {
      takeBackBroken();
      settleOld();
      const batch = next();
      if (batch === undefined) continue;
      inFlight = batch;
      const limits = { largest, patient: refusedWhole < PATIENCE };
      const outcome = writeParts(batch.metrics, limits, withDeadline);
      const pending = outcome instanceof Promise
        ? outcome.then((known) => conclude(batch, known))
        : conclude(batch, outcome);
      if (pending !== undefined) return pending;
    }
    return undefined;
  }

  /** Resolves when the next batch may go. */
  function conclude(batch: Batch, outcome: Outcome): Promise<void> | undefined {
    // The stop did not wait for this one, and has put it where it is kept.
    if (inFlight !== batch) return undefined;
    inFlight = undefined;
    account(batch, outcome);
    if (outcome.error !== undefined) return failed(batch, outcome);
    succeeded(batch);
    // A backend that takes everything at once must not keep the next tick waiting.
    return batch.fresh && batch.points < MAX_PER_WRITE ? undefined : clock.sleep(0);
  }

  /** New points first, then those of the spool; in order: the other way round. */
  function next(): Batch | undefined {
    persist();
    if (ordered && spooler?.waiting === true && !stopping) spill();
    const first = persisted.shift();
    if (first !== undefined) return first;
    if (queue.size > 0 && (flushWanted || queue.size >= most)) {
      const metrics = queue.take(most);
      return { metrics, ids: [], points: metrics.length, fresh: true };
    }
    if (!spoolDue()) return undefined;
    const read = spooler!.read();
    if (read === undefined) {
      flushingSpool = false;
      return undefined;
    }
    const { metrics, ids } = read;
    if (options.spool_rate > 0) {
      const from = Math.max(spoolAllowedAt, clock.monotonic());
      spoolAllowedAt = from + (metrics.length / options.spool_rate) * 1000;
    }
    return { metrics, ids, points: metrics.length, fresh: false };
  }

  function account({ metrics }: Batch, outcome: Outcome): void {
    const { delivered, refused, example, reason } = outcome;
    ledger.delivered += delivered;
    if (refused === 0) return;
    drop("refused", refused);
    const first = example === undefined
      ? ""
      : `, the first is "${example.series.path} ${example.value} ${example.timestamp}"`;
    refusals.report(
      name,
      `The backend refuses ${refused} of ${metrics.length} metrics for good${first}: ${
        messageOf(reason)
      }`,
    );
  }

  function succeeded(batch: Batch): void {
    const { metrics, ids, fresh } = batch;
    if (resends) sent.add(batch);
    else spooler?.ack(ids);
    if (fresh) lag = clock.now() / 1000 - metrics[metrics.length - 1].timestamp;
    if (trouble.state !== undefined) {
      trouble.clear(name, `${queued()} metrics wait in memory, ${spooled()} in the spool`);
    }
    failures = 0;
    refusedWhole = 0;
  }

  async function failed(batch: Batch, { rest, error }: Outcome): Promise<void> {
    failures++;
    ledger.retries++;
    if (codeOf(error) === "refused") refusedWhole++;
    trouble.report(name, error);
    requeue(batch, rest);
    forgetPersisted();
    if (closed) return;
    if (!stopping) spill();
    trimBacklog();
    pause = new AbortController();
    const asked = Math.min((error as Partial<Failure>)?.retryAfter ?? 0, MAX_ASKED_SECONDS);
    const seconds = stopping
      ? STOP_RETRY_SECONDS
      : Math.max(asked, backoffSeconds(failures, options.retry_max_interval, random));
    await clock.sleep(1000 * seconds, pause.signal);
  }

  /** What of a batch could not be delivered waits again. */
  function requeue(batch: Batch, rest: readonly Metric[]): void {
    if (batch.ids.length > 0 && rest.length === batch.metrics.length) {
      spooler?.requeue(batch.ids);
      return;
    }
    const stored = options.spool === "off" || stopping ? undefined : spooler?.store(rest);
    if (stored === undefined) queue.requeue(rest);
    spooler?.ack(batch.ids);
  }

  /** After a connection broke: what may have been lost with it waits again. */
  function takeBackBroken(): void {
    if (resends && sink.line!.broken()) reclaimSent();
  }

  function reclaimSent(): void {
    for (const { ids, metrics, points } of sent.reclaim().reverse()) {
      ledger.delivered -= points;
      ledger.resent += points;
      if (ids.length > 0) spooler?.requeue(ids);
      else queue.requeue(metrics);
      flushWanted = true;
    }
  }

  function settleOld(): void {
    if (!resends) return;
    const { line } = sink;
    const acked = sent.ack(() => line!.acknowledged(options.resend_seconds));
    for (const { ids } of acked) spooler?.ack(ids);
  }

  /** The sink gets a signal, and is not waited for when it does not heed it. */
  function withDeadline(batch: readonly Metric[]): void | Promise<void> {
    if (deadline.signal.aborted) deadline = new AbortController();
    const pending = sink.write(batch, deadline.signal);
    if (pending !== undefined) return inTime(pending, batch.length);
  }

  async function inTime(pending: Promise<void>, count: number): Promise<void> {
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(options.timeout * 1000, () => {
      const error = timedOut(
        `The backend did not take ${count} metrics within ${options.timeout} s`,
      );
      deadline.abort(error);
      late.reject(error);
    });
    try {
      await Promise.race([pending, late.promise]);
    } finally {
      cancel();
    }
  }

  /** Diamond's bound on the backlog, where the operator asks for it and nothing is spooled. */
  function trimBacklog(): void {
    const bound = options.batch * options.max_backlog_multiplier;
    if (spooler !== undefined || bound === 0 || queue.size < bound) return;
    drop("backlog", queue.trim(Math.floor(options.batch * options.trim_backlog_multiplier)));
  }

  async function stop(seconds: number): Promise<void> {
    stopping = true;
    flushWanted = true;
    timer?.abort();
    pause.abort();
    wake();
    const ended = (async () => {
      while (draining !== undefined) await draining;
    })();
    await within(seconds, ended);
    closed = true;
    pause.abort();
    if (draining !== undefined) {
      // A write that is told to end may still say how far it came.
      deadline.abort(timedOut("The agent stops"));
      await within(ABORT_SECONDS, ended);
    }
    const unfinished = inFlight;
    inFlight = undefined;
    if (unfinished !== undefined) requeue(unfinished, unfinished.metrics);
    forgetPersisted();
    await closeSink();
    if (!spill()) drop("stopped", queue.trim(0));
    expected = spooled();
    spooler?.close();
    const missing = imbalance(ledger, queued(), spooled());
    if (missing !== 0) {
      log.error(`${name}: the ledger does not close: ${missing} metrics are unaccounted for`);
    }
  }

  /** What was sent is settled where the connection ends in order, and waits again where not. */
  async function closeSink(): Promise<void> {
    const close = Promise.resolve(sink[Symbol.asyncDispose]()).catch((error) =>
      log.debug(`${name}: closing failed: ${error}`)
    );
    await within(CLOSE_SECONDS, close);
    if (!resends) return;
    if (sink.line!.broken() || !sink.line!.acknowledged(0)) return reclaimSent();
    for (const { ids } of sent.reclaim()) spooler?.ack(ids);
  }

  async function within(seconds: number, work: Promise<unknown>): Promise<void> {
    const limit = new AbortController();
    await Promise.race([work, clock.sleep(seconds * 1000, limit.signal)]);
    limit.abort();
  }

  return {
    name,
    receipt,
    offer,
    persist,
    flush,
    shedMemory,
    flushSpool() {
      flushingSpool = true;
      timer?.abort();
      pause.abort();
      wake();
    },
    dropSpool() {
      const points = spooler?.drop() ?? 0;
      drop("operator", points);
      return points;
    },
    adopt,
    trimSpool: () => spooler?.trim(),
    stop,
    ledger,
    get queued() {
      return queued();
    },
    get spooled() {
      return spooled();
    },
    get spoolBytes() {
      return spooler?.spool?.bytes ?? 0;
    },
    get oldest() {
      return spooler?.spool?.oldest ?? inFlight?.metrics[0]?.timestamp ?? queue.oldest?.timestamp;
    },
    get lag() {
      return lag;
    },
    get trouble() {
      return trouble.state;
    },
    saved: (clean) => ({
      ...ledger,
      dropped: { ...ledger.dropped },
      queued: queued(),
      spooled: spooled(),
      unsettled: sent.spooled,
      clean,
    }),
  };
}
