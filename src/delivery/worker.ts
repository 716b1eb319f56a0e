/**
 * One handler's delivery: its queue, its deadline, its retries, its books. Written once, for every
 * handler; a slow or dead backend costs its own worker and nobody else.
 */

import { timedOut } from "../core/errors.ts";
import type { DeliveryValues, Sink } from "../core/handler.ts";
import type { Clock } from "../core/host.ts";
import type { Log } from "../core/log.ts";
import type { Metric } from "../core/metric.ts";
import { createTrouble } from "../core/throttle.ts";
import { backoffSeconds } from "./backoff.ts";
import { type DropReason, imbalance, type Ledger, newLedger } from "./ledger.ts";
import { BYTES_PER_METRIC, createQueue } from "./queue.ts";

export interface WorkerSettings {
  readonly name: string;
  readonly sink: Sink;
  readonly options: DeliveryValues;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

export interface Worker {
  readonly name: string;
  /** Puts metrics into the queue. Never waits, never throws. */
  offer(metrics: readonly Metric[]): void;
  /** A run has ended: what waits is written now, also less than a batch. */
  flush(): void;
  /** Writes what it can within `seconds`, counts the rest as dropped, closes the sink. */
  stop(seconds: number): Promise<void>;
  readonly ledger: Readonly<Ledger>;
  readonly queued: number;
}

/** A write is never larger, so that a deadline stands for a bounded amount of work. */
const MOST_PER_WRITE = 2000;
/** Between tries of the last flush: there is no time for a back-off. */
const STOP_RETRY_SECONDS = 0.25;
/** For a sink's own end, beyond the time for the last flush. */
const CLOSE_SECONDS = 1;

export function createWorker({ name, sink, options, clock, log, random }: WorkerSettings): Worker {
  const queue = createQueue();
  const ledger = newLedger();
  const trouble = createTrouble(log, () => clock.now(), options.server_error_interval);
  const capacity = Math.floor(options.queue_bytes / BYTES_PER_METRIC);
  let inFlight: Metric[] = [];
  let failures = 0;
  let flushWanted = false;
  let draining: Promise<void> | undefined;
  let stopping = false;
  let closed = false;
  let pause = new AbortController();

  function offer(metrics: readonly Metric[]): void {
    ledger.collected += metrics.length;
    if (stopping) {
      ledger.dropped.stopped += metrics.length;
      return;
    }
    queue.push(metrics);
    drop("overflow", queue.trim(Math.max(0, capacity - inFlight.length)));
    wake();
  }

  function drop(reason: DropReason, count: number): void {
    if (count === 0) return;
    if (ledger.dropped[reason] === 0) log.warn(`${name} drops ${count} metrics: ${why[reason]}`);
    ledger.dropped[reason] += count;
  }

  function flush(): void {
    flushWanted = true;
    wake();
  }

  function wake(): void {
    if (draining !== undefined || !due()) return;
    draining = drain().finally(() => {
      draining = undefined;
      wake();
    });
  }

  function due(): boolean {
    const waiting = queue.size + inFlight.length;
    if (waiting === 0) flushWanted = false;
    return waiting > 0 && !closed && (flushWanted || waiting >= options.batch);
  }

  async function drain(): Promise<void> {
    while (due()) {
      if (inFlight.length === 0) inFlight = queue.take(Math.max(options.batch, MOST_PER_WRITE));
      try {
        await withDeadline();
        ledger.delivered += inFlight.length;
        inFlight = [];
        trouble.clear(name, `${queue.size} metrics are waiting`);
        failures = 0;
      } catch (error) {
        failures++;
        ledger.retries++;
        trouble.report(name, error);
        trimBacklog();
        pause = new AbortController();
        const seconds = stopping
          ? STOP_RETRY_SECONDS
          : backoffSeconds(failures, options.retry_max_interval, random);
        await clock.sleep(1000 * seconds, pause.signal);
      }
    }
  }

  /** The sink gets a signal, and is not waited for when it does not heed it. */
  async function withDeadline(): Promise<void> {
    const deadline = new AbortController();
    const timer = new AbortController();
    const late = clock.sleep(options.timeout * 1000, timer.signal).then(() => {
      if (timer.signal.aborted) return;
      const error = timedOut(
        `The backend did not take ${inFlight.length} metrics within ${options.timeout} s`,
      );
      deadline.abort(error);
      throw error;
    });
    try {
      await Promise.race([sink.write(inFlight, deadline.signal), late]);
    } finally {
      timer.abort();
    }
  }

  /** Diamond's bound on the backlog, where the operator asks for it. The oldest are those in flight. */
  function trimBacklog(): void {
    const waiting = queue.size + inFlight.length;
    if (
      options.max_backlog_multiplier === 0 ||
      waiting < options.batch * options.max_backlog_multiplier
    ) return;
    const excess = Math.max(
      0,
      waiting - Math.floor(options.batch * options.trim_backlog_multiplier),
    );
    const old = Math.min(excess, inFlight.length);
    inFlight = inFlight.slice(old);
    queue.trim(queue.size - (excess - old));
    drop("backlog", excess);
  }

  async function stop(seconds: number): Promise<void> {
    stopping = true;
    flushWanted = true;
    pause.abort();
    wake();
    const limit = new AbortController();
    const ended = (async () => {
      while (draining !== undefined) await draining;
    })();
    await Promise.race([ended, clock.sleep(seconds * 1000, limit.signal)]);
    limit.abort();
    closed = true;
    pause.abort();
    const left = queue.size + inFlight.length;
    queue.trim(0);
    inFlight = [];
    drop("stopped", left);
    const closing = new AbortController();
    const close = Promise.resolve(sink[Symbol.asyncDispose]()).catch((error) =>
      log.debug(`${name}: closing failed: ${error}`)
    );
    await Promise.race([close, clock.sleep(CLOSE_SECONDS * 1000, closing.signal)]);
    closing.abort();
    const missing = imbalance(ledger, 0);
    if (missing !== 0) {
      log.error(`${name}: the ledger does not close: ${missing} metrics are unaccounted for`);
    }
  }

  return {
    name,
    offer,
    flush,
    stop,
    ledger,
    get queued() {
      return queue.size + inFlight.length;
    },
  };
}

const why: Readonly<Record<DropReason, string>> = {
  overflow: "its queue is full (queue_bytes), the oldest go, and more of them with each run",
  backlog:
    "its backlog is over max_backlog_multiplier, the oldest go, and more of them with each run",
  stopped: "they could not be delivered before the stop",
};
