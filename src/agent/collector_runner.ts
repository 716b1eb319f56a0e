/**
 * One collector at work: its state, its emitter, its deadline, its record. A failure ends here: it
 * is told, counted and backed off from, and the other collectors never hear of it.
 */

import { type AnyCollector, type CommonValues, type Context, gauge } from "../core/collector.ts";
import { createEmitter, type Run, type SavedSamples } from "../core/emitter.ts";
import { badData, codeOf, messageOf, timedOut } from "../core/errors.ts";
import type { Host } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { Metric } from "../core/metric.ts";
import { createErrorReporter, type ErrorState } from "../core/error_reporter.ts";

export interface RunnerSettings {
  /** The section's name: the collector's, or an instance's. */
  readonly section: string;
  readonly collector: AnyCollector;
  readonly options: CommonValues & Readonly<Record<string, unknown>>;
}

export interface RunRecord {
  runs: number;
  failures: number;
  /** Slots that passed while a run was still busy, or while backing off. */
  skipped: number;
  /** Values that were no numbers. */
  refused: number;
  points: number;
  /** Of the last run. */
  milliseconds: number;
  /** Milliseconds since the epoch; 0 before the first. */
  lastRun: number;
}

export interface CollectorRunner {
  readonly name: string;
  /** Seconds. */
  readonly interval: number;
  /** Seconds into the interval. */
  readonly offset: number;
  readonly record: Readonly<RunRecord>;
  /** The error that lasts; undefined while runs succeed, and where there is nothing to collect. */
  readonly trouble: ErrorState | undefined;
  /** Why there is nothing to collect on this host; undefined where there is. */
  readonly absent: string | undefined;
  /** Slots that passed without a run: the host slept, its clock was set, or the agent had no time. */
  skip(slots: number): void;
  /** The last values of counters, for the next start. */
  save(offset: number): SavedSamples;
  /** Runs once. Its metrics are there at once where the collector is synchronous. Never rejects. */
  run(timestamp: number): Outcome | Promise<Outcome>;
  /** Ends a run that is under way, its commands and connections with it, and closes the state. */
  dispose(): Promise<void>;
}

export interface Outcome {
  readonly metrics: readonly Metric[];
  readonly error: unknown;
  /** Which values were no numbers, in words. */
  readonly refusal?: string;
}

const REPORT_SECONDS = 300;
/** Failures in a row before slots are skipped; then one more per failure, up to the most. */
const PATIENCE = 3;
const MAX_SKIPPED = 5;
const TIME = gauge("Milliseconds that the last run took", 0, "ms");
const NOTHING: Outcome = { metrics: [], error: undefined };

export function createCollectorRunner(
  { section, collector, options }: RunnerSettings,
  hostname: string | null,
  offset: number,
  host: Host,
  log: Log,
  saved?: { readonly samples: SavedSamples; readonly offset: number },
): CollectorRunner {
  const { interval } = options;
  const emitter = createEmitter({
    naming: {
      prefix: options.path_prefix,
      host: hostname,
      suffix: options.path_suffix,
      collector: options.path,
      instancePrefix: options.instance_prefix,
    },
    interval,
    ttl: interval * options.ttl_multiplier,
    rates: options.rates,
    whitelist: options.metrics_whitelist,
    blacklist: options.metrics_blacklist,
    metrics: options.measure_collector_time
      ? { ...collector.metrics, collector_time_ms: TIME }
      : collector.metrics,
    free: collector.custom?.freeMetrics ?? false,
    saved,
  });
  const record: RunRecord = {
    runs: 0,
    failures: 0,
    skipped: 0,
    refused: 0,
    points: 0,
    milliseconds: 0,
    lastRun: 0,
  };
  const trouble = createErrorReporter(log, () => host.clock.now(), REPORT_SECONDS);
  const refusals = createErrorReporter(log, () => host.clock.now(), REPORT_SECONDS);
  const seconds = options.collect_timeout > 0
    ? options.collect_timeout
    : Math.max(interval - offset, 1);
  /** Made with the first run. */
  let context: Context | undefined;
  let busy = false;
  /** Of the run that is under way: most have ended before anybody has asked for its signal. */
  let controller: AbortController | undefined;
  let absent: string | undefined;
  let inRow = 0;
  let toSkip = 0;

  function run(timestamp: number): Outcome | Promise<Outcome> {
    if (busy || toSkip > 0) {
      if (!busy) toSkip--;
      else trouble.report(section, timedOut("The last run has still not ended"));
      record.skipped++;
      return NOTHING;
    }
    const started = host.clock.monotonic();
    emitter.begin(timestamp, started);
    record.runs++;
    record.lastRun = host.clock.now();
    controller = undefined;
    let pending: void | Promise<void>;
    try {
      context ??= newContext(collector.prepare?.(options, host));
      pending = collector.collect(context);
    } catch (error) {
      return finish(started, error);
    }
    return pending instanceof Promise ? supervised(pending, started) : finish(started, undefined);
  }

  async function supervised(pending: Promise<void>, started: number): Promise<Outcome> {
    busy = true;
    // A run that does not heed its signal keeps the collector busy: it is never run twice at once.
    const settled = pending.then(
      () => undefined,
      (error) => error ?? new Error("rejected without a reason"),
    );
    void settled.then(() => (busy = false));
    const late = Promise.withResolvers<unknown>();
    const cancel = host.clock.after(
      seconds * 1000,
      () => late.resolve(timedOut(`The run took longer than ${seconds} s`)),
    );
    const error: unknown = await Promise.race([settled, late.promise]);
    cancel();
    // A signal that nobody has asked for by now needs no abort.
    controller?.abort(error);
    return finish(started, error);
  }

  function finish(started: number, error: unknown): Outcome {
    record.milliseconds = host.clock.monotonic() - started;
    if (error === undefined && options.measure_collector_time) {
      emitter.emit("collector_time_ms", Math.trunc(record.milliseconds));
    }
    const run = emitter.end();
    record.points += run.metrics.length;
    const refusal = refusalOf(run);
    tell(run, refusal, error);
    return { metrics: run.metrics, error, refusal };
  }

  function tell(run: Run, refusal: string | undefined, error: unknown): void {
    if (refusal !== undefined) {
      record.refused += run.refused;
      refusals.report(section, badData(refusal));
    }
    if (error === undefined) {
      absent = undefined;
      inRow = 0;
      trouble.clear(section);
      return;
    }
    record.failures++;
    // What is not on this host is news once, and costs nothing to look for again.
    if (codeOf(error) === "no-data") {
      const message = messageOf(error);
      log[absent === undefined ? "info" : "debug"](`${section} finds no data: ${message}`);
      absent = message;
      return;
    }
    inRow++;
    toSkip = Math.min(Math.max(0, inRow - PATIENCE), MAX_SKIPPED);
    trouble.report(section, error);
  }

  function signal(): AbortSignal {
    controller ??= new AbortController();
    return controller.signal;
  }

  /** One for all runs, which never overlap. */
  function newContext(state: unknown): Context {
    return {
      host,
      options,
      state,
      emit: emitter.emit as Context["emit"],
      delta: emitter.delta,
      get elapsed() {
        return emitter.elapsed;
      },
      get signal() {
        return signal();
      },
      log,
    };
  }

  return {
    name: section,
    interval,
    offset,
    record,
    get trouble() {
      return trouble.state;
    },
    get absent() {
      return absent;
    },
    skip: (slots) => void (record.skipped += slots),
    save: (offset) => emitter.save(offset),
    run,
    async dispose() {
      if (busy) {
        signal();
        controller?.abort(timedOut("The agent stops"));
      }
      const disposable = context?.state as Partial<AsyncDisposable & Disposable> | null | undefined;
      if (typeof disposable !== "object" || disposable === null) return;
      try {
        await disposable[Symbol.asyncDispose]?.();
        disposable[Symbol.dispose]?.();
      } catch (error) {
        log.warn(`${section} could not be closed: ${messageOf(error)}`);
      }
    },
  };
}

function refusalOf({ refused, reason }: Run): string | undefined {
  if (refused === 0) return undefined;
  return refused === 1 ? reason : `${reason}, and ${refused - 1} more`;
}
