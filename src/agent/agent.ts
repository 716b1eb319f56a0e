/**
 * The agent: settings in, a running scheduler and pipeline out. What a reload leaves as it was keeps
 * its state: queues, rates, sockets.
 */

import { SELF_NAME, systemsOf } from "../core/collector.ts";
import { configError, messageOf } from "../core/errors.ts";
import type { Sink } from "../core/handler.ts";
import type { Host } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import { createErrorReporter } from "../core/error_reporter.ts";
import { droppedTotal } from "../delivery/ledger.ts";
import { createPipeline, type Pipeline } from "../delivery/pipeline.ts";
import { createWorker, type Worker } from "../delivery/worker.ts";
import type {
  Agent,
  AgentPorts,
  AgentSettings,
  CollectorConfig,
  HandlerConfig,
  RunningCollector,
} from "./agent_contract.ts";
import { changes, isSame } from "./changes.ts";
import { createCollectorRunner } from "./collector_runner.ts";
import type { CollectorRunner } from "./runner_contract.ts";
import { destinationOf } from "./destination.ts";
import { createHostnameResolver, type HostnameResolver } from "./hostname.ts";
import type { SeriesBudget } from "../core/series_limit.ts";
import { createScheduler, type Scheduler, staggerOffset } from "./scheduler.ts";
import { createHousekeeping } from "./housekeeping.ts";
import { createLosses } from "./losses.ts";
import { type Missing, refuseEmpty, withTimes } from "./missing.ts";
import { createRetry } from "./retry.ts";
import { type AgentState, NO_STATE } from "./self_metrics.ts";
import { findSeries, readRange } from "./series.ts";
import { statusOf } from "./status.ts";
import { Taps } from "./taps.ts";

interface Running {
  readonly settings: AgentSettings;
  readonly runners: ReadonlyMap<string, RunningCollector>;
  readonly workers: ReadonlyMap<string, { part: HandlerConfig; worker: Worker }>;
  readonly names: HostnameResolver;
  readonly pipeline: Pipeline;
  readonly scheduler: Scheduler;
  readonly state: AgentState;
}

/** `first`: at the start. `again`: what is missing is tried once more. `next`: other settings, which hold as a whole or not at all. */
type Occasion = "first" | "again" | "next";

/** Between reports of a name or a handler that stays away. */
const REPORT_SECONDS = 600;

export function createAgent(ports: AgentPorts): Agent {
  const { host, log, random, spools } = ports;
  const started = host.clock.now();
  const housekeeping = createHousekeeping(ports, () => running?.settings, () => state());
  const waiting = createErrorReporter(log, () => host.clock.now(), REPORT_SECONDS);
  const losses = createLosses(() => host.clock.now());
  const taps = new Taps(host.clock);
  const retry = createRetry(host.clock, () => inTurn(tryAgain));
  const budget: SeriesBudget = { max: Infinity, used: 0 };
  let running: Running | undefined;
  let stopped = false;
  let turn: Promise<unknown> = Promise.resolve();

  /** A reload and another try never meet. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work, work);
    turn = mine.catch(() => {});
    return mine;
  }

  function state(): AgentState {
    return running?.state ?? NO_STATE;
  }

  async function build(
    settings: AgentSettings,
    before: Running | undefined,
    occasion: Occasion,
  ): Promise<Running> {
    budget.max = settings.server.max_series ?? Infinity;
    const names = occasion === "again" ? before!.names : createHostnameResolver(host);
    const missing = (settings.leftOut ?? []).map((one) => missingFor(one, false));
    const runners = new Map<string, RunningCollector>();
    for (const part of settings.collectors) {
      const { section } = part;
      if (section === SELF_NAME && settings.server.self_metrics === "off") continue;
      const found = await collect(part, names, before?.runners.get(section), occasion);
      if ("runner" in found) runners.set(section, found);
      else missing.push(found);
    }
    const workers = new Map<string, { part: HandlerConfig; worker: Worker }>();
    for (const part of settings.handlers.flatMap(backendsOf)) {
      const { section: name, handler, options } = part;
      const kept = before?.workers.get(name);
      if (kept !== undefined && isSame(kept.part, part)) {
        workers.set(name, kept);
        continue;
      }
      let sink: Sink;
      try {
        sink = handler.open({ host, options, log });
      } catch (error) {
        const reason = `cannot open ${name}: ${messageOf(error)}`;
        if (occasion === "next" && !wasMissing(name)) throw configError(reason);
        missing.push(missingFor({ kind: "handler", section: name, reason }, true));
        continue;
      }
      const saved = occasion === "next" ? undefined : housekeeping.ledger(name);
      if (saved !== undefined) losses.begin(name, droppedTotal(saved));
      workers.set(name, {
        part,
        worker: createWorker({
          name,
          sink,
          receipt: handler.receipt,
          largest: handler.largest?.(options),
          ordered: handler.ordered,
          options,
          spools,
          saved,
          taken: (metrics) => taps.delivered(name, metrics),
          clock: host.clock,
          log,
          random,
        }),
      });
    }
    const pipeline = createPipeline(
      [...workers.values()].map(({ worker }) => worker),
      (metrics) => taps.offered(metrics),
    );
    const all = [...runners.values()].map(({ runner }) => runner);
    return {
      settings,
      runners,
      workers,
      names,
      pipeline,
      scheduler: createScheduler(
        all,
        pipeline,
        host.clock,
        log,
        before?.scheduler.phases(),
        housekeeping.tick,
      ),
      state: {
        selfMetrics: settings.server.self_metrics,
        runners: all,
        workers: pipeline.workers,
        missing: withTimes(missing, before?.state.missing ?? []),
      },
    };
  }

  /** A reload is not refused for what is tried again anyway. */
  function wasMissing(name: string): boolean {
    return state().missing.some(({ section, isRetried }) => isRetried && section === name);
  }

  function missingFor(
    { kind, section, reason }: NonNullable<AgentSettings["leftOut"]>[number],
    isRetried: boolean,
  ): Missing {
    return { kind, section, reason, since: host.clock.now(), isRetried };
  }

  /** What was there before stays if nothing has changed. */
  async function collect(
    part: CollectorConfig,
    names: HostnameResolver,
    before: RunningCollector | undefined,
    occasion: Occasion,
  ): Promise<RunningCollector | Missing> {
    const { section, options } = part;
    const reason = unsupported(part, host);
    if (reason !== undefined) {
      return missingFor({ kind: "collector", section, reason }, false);
    }
    let hostname: string | null;
    try {
      hostname = await names.resolve(options, part.origins.has("hostname"));
    } catch (error) {
      const reason = `The host's name cannot be found: ${messageOf(error)}`;
      if (occasion === "next" && !wasMissing(section)) throw configError(reason);
      return missingFor({ kind: "collector", section, reason }, true);
    }
    if (before !== undefined && before.hostname === hostname && isSame(before.part, part)) {
      return before;
    }
    const offset = options.stagger_collection
      ? staggerOffset(hostname ?? host.names.hostname(), options.interval)
      : 0;
    const saved = occasion === "next" ? undefined : housekeeping.samples(section);
    const runner = createCollectorRunner(part, hostname, offset, host, log, saved, budget);
    return { part, hostname, runner };
  }

  async function start(settings: AgentSettings): Promise<void> {
    const first = await build(settings, undefined, "first");
    refuseEmpty(first.runners.keys(), first.workers.size, first.state.missing);
    running = first;
    watchMissing();
    const names = running.pipeline.workers.map(({ name }) => name);
    for (const other of spools?.handlers().filter((name) => !names.includes(name)) ?? []) {
      log.warn(
        `There is a spool of ${other}, which is not among the handlers: ` +
          "`diamond-agent spool` exports or drops it",
      );
    }
    running.scheduler.start();
  }

  /** What is missing is logged, and tried again where that may help. */
  function watchMissing(): boolean {
    const retried = state().missing.filter(({ isRetried }) => isRetried);
    if (retried.length === 0) {
      waiting.clear("What was missing");
      return false;
    }
    const [{ reason }] = retried;
    const sections = retried.map(({ section }) => section).join(", ");
    waiting.report(`Missing, and tried again: ${sections}`, reason);
    retry.start();
    return true;
  }

  async function tryAgain(): Promise<boolean> {
    if (running === undefined || stopped) return false;
    const { settings, runners, workers, names } = running;
    names.forgetFailures();
    const next = await build(settings, running, "again");
    if (stopped) return false;
    const isMore = next.runners.size > runners.size || next.workers.size > workers.size;
    if (!isMore) return watchMissing();
    const changes = await takeOver(next);
    log.info(`Found after all: ${changes.join(", ")}`);
    return watchMissing();
  }

  async function reload(settings: AgentSettings): Promise<string[]> {
    const next = await build(settings, running, "next");
    const changes = await takeOver(next);
    watchMissing();
    return changes;
  }

  async function takeOver(next: Running): Promise<string[]> {
    const before = running;
    await before?.scheduler.stop(0);
    running = next;
    next.scheduler.start();
    const gone = [...before?.runners ?? []].filter(([name, { runner }]) =>
      next.runners.get(name)?.runner !== runner
    );
    for (const [, { runner }] of gone) await runner.dispose();
    const ended = [...before?.workers ?? []].filter(([name, { worker }]) =>
      next.workers.get(name)?.worker !== worker
    );
    await Promise.all(ended.map(async ([name, { worker }]) => {
      await worker.stop(next.settings.server.stop_timeout);
      next.workers.get(name)?.worker.adopt(worker.saved(true));
    }));
    return changes(before?.runners, next.runners, "collector").concat(
      changes(before?.workers, next.workers, "handler"),
    );
  }

  async function stop(): Promise<void> {
    stopped = true;
    retry.stop();
    if (running === undefined) return;
    const { scheduler, pipeline, runners, settings } = running;
    const started = host.clock.monotonic();
    await scheduler.stop(settings.server.stop_timeout / 2);
    for (const { runner } of runners.values()) await runner.dispose();
    const left = settings.server.stop_timeout - (host.clock.monotonic() - started) / 1000;
    await Promise.all(pipeline.workers.map((worker) => worker.stop(Math.max(left, 0.1))));
    housekeeping.keep(true);
    spools?.close();
  }

  const worker = (name: string) => running?.workers.get(name)?.worker;
  return {
    start,
    reload: (settings) => inTurn(() => reload(settings)),
    stop,
    state,
    status: () =>
      statusOf(state(), host, {
        started,
        version: ports.version,
        maxMemory: running?.settings.server.max_memory ?? Infinity,
        off: running?.settings.off,
        configuration: ports.configuration?.(),
        log: ports.logPlaces,
        problems: {
          "the log cannot be written": ports.logProblem?.(),
          "the state cannot be kept": housekeeping.problem,
        },
        losses,
        destination(name) {
          const options = running?.workers.get(name)?.part.options;
          return options && destinationOf(options);
        },
      }),
    series: (query) => findSeries(state().runners, host.histories.current(), query),
    range: (query) => readRange(host.histories.current(), query),
    outages: (from, to) => housekeeping.outages.between(from, to),
    taps,
    parts: () => ({
      collectors: [...running?.runners.values() ?? []],
      handlers: [...running?.workers.values() ?? []],
    }),
    flushSpool(handler) {
      worker(handler)?.flushSpool();
      return worker(handler) !== undefined;
    },
    dropSpool: (handler) => worker(handler)?.dropSpool(),
  };
}

/** Why a collector cannot work on this system; undefined where it can. */
export function unsupported(
  { section, collector }: CollectorConfig,
  { system }: Host,
): string | undefined {
  const systems = systemsOf(collector);
  return systems.includes(system)
    ? undefined
    : `${section} is not on this system (${system}), only on ${systems.join(", ")}`;
}

/** One collection, outside of any schedule: for `collect`. */
export async function singleRunner(
  part: CollectorConfig,
  host: Host,
  log: Log,
): Promise<CollectorRunner> {
  return (await singleCollector(part, host, log)).runner;
}

/** The same, with what it was made of. */
export async function singleCollector(
  part: CollectorConfig,
  host: Host,
  log: Log,
): Promise<RunningCollector> {
  const hostname = await createHostnameResolver(host).resolve(
    part.options,
    part.origins.has("hostname"),
  );
  return { part, hostname, runner: createCollectorRunner(part, hostname, 0, host, log) };
}

/** One part for each backend of a handler, named after both. */
export function backendsOf(part: HandlerConfig): HandlerConfig[] {
  const backends = part.handler.expand?.(part.options);
  return backends?.map(({ backend, options }) => ({
    ...part,
    section: `${part.section} ${backend}`,
    options,
  })) ?? [part];
}
