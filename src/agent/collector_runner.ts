/**
 * One collector at work: its state, its emitter, its deadline, its record. A failure ends here: it
 * is logged, counted and backed off from, and does not reach the other collectors.
 */

import { type Context, gauge } from "../core/collector.ts";
import type { Emitted } from "../core/emitted.ts";
import { createEmitter, type Emitter, type Run, type SavedSamples } from "../core/emitter.ts";
import { codeOf, messageOf, timedOut } from "../core/errors.ts";
import type { ErrorState } from "../core/error_reporter.ts";
import type { Metric } from "../core/metric.ts";
import { type SeriesBudget, SeriesLimit } from "../core/series_limit.ts";
import type { Host } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { CollectorConfig } from "./agent_contract.ts";
import { countPoints, countTime, NO_RUNS, type RunRecord } from "./run_record.ts";
import { RunReports } from "./run_reports.ts";
import type { CollectorRunner, LoggedLine, Outcome } from "./runner_contract.ts";

const TIME = gauge("Milliseconds that the last run took", 0, "ms");
const NOTHING: Outcome = { metrics: [], error: undefined };

type Part = Pick<CollectorConfig, "section" | "collector" | "options">;
type Saved = { readonly samples: SavedSamples; readonly offset: number };

export function createCollectorRunner(
  part: Part,
  hostname: string | null,
  offset: number,
  host: Host,
  log: Log,
  saved?: Saved,
  budget: SeriesBudget = { max: Infinity, used: 0 },
): CollectorRunner {
  const limit = new SeriesLimit(part.options.max_series, budget);
  const emitter = emitterOf(part, hostname, limit, saved);
  return new Runner({ part, hostname, offset, host, log, limit, emitter });
}

function emitterOf(
  { collector, options }: Part,
  hostname: string | null,
  limit: SeriesLimit,
  saved: Saved | undefined,
): Emitter {
  return createEmitter({
    naming: {
      prefix: options.path_prefix,
      host: hostname,
      suffix: options.path_suffix,
      collector: options.path,
      instancePrefix: options.instance_prefix,
    },
    interval: options.interval,
    ttl: options.interval * options.ttl_multiplier,
    rates: options.rates,
    whitelist: options.metrics_whitelist,
    blacklist: options.metrics_blacklist,
    metrics: options.measure_collector_time
      ? { ...collector.metrics, collector_time_ms: TIME }
      : collector.metrics,
    free: collector.custom?.undeclared ?? false,
    saved,
    limit,
  });
}

interface Runs {
  readonly part: Part;
  readonly hostname: string | null;
  readonly offset: number;
  readonly host: Host;
  readonly log: Log;
  readonly limit: SeriesLimit;
  readonly emitter: Emitter;
}

class Runner implements CollectorRunner {
  readonly name: string;
  readonly interval: number;
  readonly offset: number;
  readonly file: string | undefined;
  readonly record: RunRecord = { ...NO_RUNS };
  logged: LoggedLine | undefined;
  latest: readonly Metric[] = [];
  readonly #of: Runs;
  readonly #emitter: Emitter;
  readonly #reports: RunReports;
  /** Seconds that a run may take. */
  readonly #seconds: number;
  /** Made with the first run. */
  #context: Context | undefined;
  #busy = false;
  /** Of the run that is under way. Most end before their signal is read. */
  #controller: AbortController | undefined;

  constructor(of: Runs) {
    const { part: { section, collector, options }, host, log, limit, offset } = of;
    const { interval, collect_timeout } = options;
    this.#of = of;
    this.#emitter = of.emitter;
    this.name = section;
    this.interval = interval;
    this.offset = offset;
    this.file = collector.custom?.file;
    this.#seconds = collect_timeout > 0 ? collect_timeout : Math.max(interval - offset, 1);
    const now = () => host.clock.now();
    this.#reports = new RunReports({ section, record: this.record, limit, log, now });
  }

  get trouble(): ErrorState | undefined {
    return this.#reports.trouble.state;
  }

  get absence(): ErrorState | undefined {
    return this.#reports.absence;
  }

  get crowd(): ErrorState | undefined {
    return this.#reports.crowds.state;
  }

  get refusal(): ErrorState | undefined {
    return this.#reports.refusals.state;
  }

  emitted(): Iterable<Emitted> {
    return this.#emitter.emitted();
  }

  skip(slots: number): void {
    this.record.skipped += slots;
  }

  save(offset: number): SavedSamples {
    return this.#emitter.save(offset);
  }

  run(timestamp: number): Outcome | Promise<Outcome> {
    if (this.#busy || this.#reports.toSkip > 0) {
      if (this.#busy) this.#reports.busy();
      else this.#reports.toSkip--;
      this.record.skipped++;
      return NOTHING;
    }
    const { part: { collector, options }, host } = this.#of;
    const started = host.clock.monotonic();
    this.#emitter.begin(timestamp, started);
    this.record.runs++;
    this.record.lastRun = host.clock.now();
    this.#controller = undefined;
    let pending: void | Promise<void>;
    try {
      this.#context ??= this.#newContext(collector.prepare?.(options, host));
      pending = collector.collect(this.#context);
    } catch (error) {
      return this.#finish(started, error);
    }
    return pending instanceof Promise
      ? this.#supervised(pending, started)
      : this.#finish(started, undefined);
  }

  async dispose(): Promise<void> {
    const { limit, log } = this.#of;
    limit.end();
    if (this.#busy) this.#abort(timedOut("The agent stops"));
    const disposable = this.#context?.state as
      | Partial<AsyncDisposable & Disposable>
      | null
      | undefined;
    if (typeof disposable !== "object" || disposable === null) return;
    try {
      await disposable[Symbol.asyncDispose]?.();
      disposable[Symbol.dispose]?.();
    } catch (error) {
      log.warn(`${this.name} could not be closed: ${messageOf(error)}`);
    }
  }

  async #supervised(pending: Promise<void>, started: number): Promise<Outcome> {
    const { clock } = this.#of.host;
    this.#busy = true;
    // A run that does not heed its signal keeps the collector busy: it is never run twice at once.
    const settled = pending.then(
      () => undefined,
      (error) => error ?? new Error("rejected without a reason"),
    );
    void settled.then(() => (this.#busy = false));
    const late = Promise.withResolvers<unknown>();
    const cancel = clock.after(
      this.#seconds * 1000,
      () => late.resolve(timedOut(`The run took longer than ${this.#seconds} s`)),
    );
    const error: unknown = await Promise.race([settled, late.promise]);
    cancel();
    const isLate = this.#busy;
    const run = isLate ? this.#emitter.end() : undefined;
    // A signal that has not been read by now needs no abort.
    this.#controller?.abort(error);
    // The collector knows what it waited for: which server, which command.
    const own = isLate && await Promise.race([settled, clock.sleep(0)]);
    return this.#finish(started, codeOf(own) === undefined ? error : own, run);
  }

  #finish(started: number, error: unknown, ended?: Run): Outcome {
    const { part: { options }, host } = this.#of;
    countTime(this.record, host.clock.monotonic() - started);
    const own = error === undefined && options.measure_collector_time ? 1 : 0;
    if (own === 1) this.#emitter.emit("collector_time_ms", Math.trunc(this.record.milliseconds));
    const run = ended ?? this.#emitter.end();
    this.latest = run.metrics;
    countPoints(this.record, run.metrics.length, own);
    const refusal = refusalOf(run);
    this.#reports.end(run, refusal, error);
    return { metrics: run.metrics, error, refusal };
  }

  #abort(reason: unknown): void {
    this.#signal();
    this.#controller?.abort(reason);
  }

  #signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** One for all runs, which never overlap. */
  #newContext(state: unknown): Context {
    const { part: { section, options }, hostname, host } = this.#of;
    const signal = () => this.#signal();
    const elapsed = () => this.#emitter.elapsed;
    return {
      host,
      section,
      hostname,
      options,
      state,
      emit: this.#emitter.emit as Context["emit"],
      delta: this.#emitter.delta,
      get elapsed() {
        return elapsed();
      },
      get signal() {
        return signal();
      },
      skipLine: (line) => this.#reports.unread.add(line),
      leaveOut: (count, what) => this.#reports.leaveOut(count, what),
      log: this.#ownLog(),
    };
  }

  /** The agent's log, which remembers what the collector last complained of. */
  #ownLog(): Log {
    const { part: { collector }, host, log } = this.#of;
    const remember = (text: string) => {
      const prefix = `${collector.name}: `;
      const message = text.startsWith(prefix) ? text.slice(prefix.length) : text;
      this.logged = { message, at: host.clock.now() };
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
}

function refusalOf({ refused, leftOut, reason }: Run): string | undefined {
  const count = refused + leftOut;
  if (count === 0) return undefined;
  return count === 1 ? reason : `${reason}, and ${count - 1} more`;
}
