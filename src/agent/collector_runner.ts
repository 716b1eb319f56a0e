/**
 * One collector at work: its state, its emitter, its deadline, its record. A failure ends here: it
 * is logged, counted and backed off from, and does not reach the other collectors.
 */

import { type Context, gauge } from "../core/collector.ts";
import type { Emitted } from "../core/emitted.ts";
import { createEmitter, type Run, type SavedSamples } from "../core/emitter.ts";
import { badData, codeOf, isNoData, messageOf, timedOut } from "../core/errors.ts";
import type { Host } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { Metric } from "../core/metric.ts";
import { UnreadLines } from "../core/unread_lines.ts";
import { type SeriesBudget, SeriesLimit } from "../core/series_limit.ts";
import { createErrorReporter, type ErrorState } from "../core/error_reporter.ts";
import type { CollectorConfig } from "./agent_contract.ts";

export interface RunRecord {
  runs: number;
  failures: number;
  /** Slots that passed while a run was still busy, or while backing off. */
  skipped: number;
  /** Values that were no numbers. */
  refused: number;
  /** Lines that could not be read and were left out. */
  unread: number;
  points: number;
  /** Of the last run. */
  milliseconds: number;
  /** Of all runs: the shortest, the longest, and their sum, in milliseconds. */
  shortest: number;
  longest: number;
  spent: number;
  /** Milliseconds since the epoch; 0 before the first. */
  lastRun: number;
  /** The last run that published something. */
  lastPublished: number;
  /** Runs that have ended since then. */
  silentRuns: number;
}

/** Before the first run. */
export const NO_RUNS: Readonly<RunRecord> = {
  runs: 0,
  failures: 0,
  skipped: 0,
  refused: 0,
  unread: 0,
  points: 0,
  milliseconds: 0,
  shortest: 0,
  longest: 0,
  spent: 0,
  lastRun: 0,
  lastPublished: 0,
  silentRuns: 0,
};

/** What a collector has logged itself. */
export interface LoggedLine {
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface CollectorRunner {
  readonly name: string;
  /** Seconds. */
  readonly interval: number;
  /** Seconds into the interval. */
  readonly offset: number;
  readonly record: Readonly<RunRecord>;
  /** The file of a plugin. */
  readonly file: string | undefined;
  /** The error that lasts; undefined while runs succeed. */
  readonly trouble: ErrorState | undefined;
  /** Why there is nothing to collect; undefined where there is. */
  readonly absence: ErrorState | undefined;
  /** Which values of the last runs were no numbers. */
  readonly refusal: ErrorState | undefined;
  /** Its series have come to their limit. */
  readonly crowd: ErrorState | undefined;
  /** The last warning or error that the collector logged itself. */
  readonly logged: LoggedLine | undefined;
  /** What the last run published. */
  readonly latest: readonly Metric[];
  /** All series that it knows, published or not. */
  emitted(): Iterable<Emitted>;
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
/** After so many below its limit of series a collector is well again. */
const ROOMY_RUNS = 100;
const MAX_SKIPPED = 5;
const TIME = gauge("Milliseconds that the last run took", 0, "ms");
const NOTHING: Outcome = { metrics: [], error: undefined };

export function createCollectorRunner(
  { section, collector, options }: Pick<CollectorConfig, "section" | "collector" | "options">,
  hostname: string | null,
  offset: number,
  host: Host,
  log: Log,
  saved?: { readonly samples: SavedSamples; readonly offset: number },
  budget: SeriesBudget = { max: Infinity, used: 0 },
): CollectorRunner {
  const { interval } = options;
  const limit = new SeriesLimit(options.max_series, budget);
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
    limit,
  });
  const record: RunRecord = { ...NO_RUNS };
  const trouble = createErrorReporter(log, () => host.clock.now(), REPORT_SECONDS);
  const refusals = createErrorReporter(log, () => host.clock.now(), REPORT_SECONDS);
  const crowds = createErrorReporter(log, () => host.clock.now(), REPORT_SECONDS);
  let roomyRuns = 0;
  const seconds = options.collect_timeout > 0
    ? options.collect_timeout
    : Math.max(interval - offset, 1);
  /** Made with the first run. */
  let context: Context | undefined;
  let busy = false;
  /** Of the run that is under way: most have ended before anybody has asked for its signal. */
  let controller: AbortController | undefined;
  let absence: ErrorState | undefined;
  /** When an absence was news. */
  let absenceTold = -Infinity;
  let logged: LoggedLine | undefined;
  let latest: readonly Metric[] = [];
  let inRow = 0;
  let hasToldMended = false;
  let hasToldDoubled = false;
  const unread = new UnreadLines();
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
    const isLate = busy;
    const run = isLate ? emitter.end() : undefined;
    // A signal that has not been read by now needs no abort.
    controller?.abort(error);
    // The collector knows what it waited for: which server, which command.
    const own = isLate && await Promise.race([settled, host.clock.sleep(0)]);
    return finish(started, codeOf(own) === undefined ? error : own, run);
  }

  function finish(started: number, error: unknown, ended?: Run): Outcome {
    const took = host.clock.monotonic() - started;
    record.milliseconds = took;
    record.spent += took;
    if (took > record.longest) record.longest = took;
    if (took < record.shortest || record.runs === 1) record.shortest = took;
    if (error === undefined && options.measure_collector_time) {
      emitter.emit("collector_time_ms", Math.trunc(record.milliseconds));
    }
    const run = ended ?? emitter.end();
    latest = run.metrics;
    count(run.metrics.length, error);
    const refusal = refusalOf(run);
    record.unread += unread.end(tellUnread);
    tell(run, refusal, error);
    return { metrics: run.metrics, error, refusal };
  }

  function tellUnread(message: string): void {
    log.warn(`${section}: ${message}`);
  }

  /** A collector that publishes its own time alone has published nothing. */
  function count(points: number, error: unknown): void {
    record.points += points;
    const own = error === undefined && options.measure_collector_time ? 1 : 0;
    if (points > own) {
      record.lastPublished = record.lastRun;
      record.silentRuns = 0;
    } else {
      record.silentRuns++;
    }
  }

  /** Names that change from run to run come to the limit now and then. */
  function tellCrowd(): void {
    const crowd = limit.takeCrowd();
    if (crowd !== undefined) {
      roomyRuns = 0;
      crowds.report(section, badData(`Too many series: ${crowd}`));
    } else if (crowds.state !== undefined && ++roomyRuns > ROOMY_RUNS) crowds.clear(section);
  }

  function tell(run: Run, refusal: string | undefined, error: unknown): void {
    if (refusal !== undefined) {
      record.refused += run.refused;
      refusals.report(section, badData(refusal));
    }
    tellCrowd();
    if (run.mended !== undefined && !hasToldMended) {
      hasToldMended = true;
      log.warn(`${section}: ${run.mended}. More such names are not logged`);
    }
    if (run.doubled !== undefined && !hasToldDoubled) {
      hasToldDoubled = true;
      log.warn(`${section}: "${run.doubled}" comes twice in a run. It is published once`);
    }
    if (error === undefined) {
      if (absence !== undefined) log.debug(`${section} finds data again`);
      absence = undefined;
      inRow = 0;
      trouble.clear(section);
      return;
    }
    record.failures++;
    if (isNoData(error)) return tellAbsence(error);
    absence = undefined;
    // While something is published, what is missing costs nothing but itself.
    inRow = record.silentRuns === 0 ? 0 : inRow + 1;
    toSkip = Math.min(Math.max(0, inRow - PATIENCE), MAX_SKIPPED);
    trouble.report(section, error);
  }

  /** What is not there is news once, and costs nothing to look for again at each interval. */
  function tellAbsence(error: unknown): void {
    const now = host.clock.now();
    const isNews = absence === undefined && now - absenceTold >= REPORT_SECONDS * 1000;
    if (isNews) absenceTold = now;
    const message = messageOf(error);
    log[isNews ? "info" : "debug"](`${section} finds no data: ${message}`);
    const { first = now, count = 0 } = absence ?? {};
    absence = { message, code: codeOf(error), first, last: now, count: count + 1 };
    inRow = 0;
    toSkip = 0;
  }

  /** The agent's log, which remembers what the collector last complained of. */
  function ownLog(): Log {
    const remember = (text: string) => {
      const prefix = `${collector.name}: `;
      const message = text.startsWith(prefix) ? text.slice(prefix.length) : text;
      logged = { message, at: host.clock.now() };
    };
    return {
      ...log,
      warn(message) {
        remember(message);
        log.warn(message);
      },
      error(message, error) {
        remember(message);
        log.error(message, error);
      },
    };
  }

  function signal(): AbortSignal {
    controller ??= new AbortController();
    return controller.signal;
  }

  /** One for all runs, which never overlap. */
  function newContext(state: unknown): Context {
    return {
      host,
      section,
      hostname,
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
      skipLine: (line) => unread.add(line),
      log: ownLog(),
    };
  }

  return {
    name: section,
    interval,
    offset,
    record,
    file: collector.custom?.file,
    get trouble() {
      return trouble.state;
    },
    get absence() {
      return absence;
    },
    get crowd() {
      return crowds.state;
    },
    get refusal() {
      return refusals.state;
    },
    get logged() {
      return logged;
    },
    get latest() {
      return latest;
    },
    emitted: () => emitter.emitted(),
    skip: (slots) => void (record.skipped += slots),
    save: (offset) => emitter.save(offset),
    run,
    async dispose() {
      limit.end();
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
