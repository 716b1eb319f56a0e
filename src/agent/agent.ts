/**
 * The agent: settings in, a running scheduler and pipeline out. What a reload leaves as it was keeps
 * its state: queues, rates, sockets.
 */

import { createErrorReporter, type ErrorReporter } from "../core/error_reporter.ts";
import type { SeriesBudget } from "../core/series_limit.ts";
import type { Worker } from "../delivery/worker.ts";
import type { Agent, AgentPorts, AgentSettings, RunningParts } from "./agent_contract.ts";
import { Assembly, type Running } from "./assembly.ts";
import { changes } from "./changes.ts";
import { destinationOf } from "./destination.ts";
import { Housekeeping } from "./housekeeping.ts";
import { createLosses, type Losses } from "./losses.ts";
import { refuseEmpty } from "./missing.ts";
import type { Outage } from "./outages.ts";
import { createRetry, type Retry } from "./retry.ts";
import { type AgentState, NO_STATE } from "./self_metrics.ts";
import { type RangeAnswer, type RangeQuery, readRange } from "./range.ts";
import { findSeries, type SeriesAnswer, type SeriesQuery } from "./series.ts";
import { type Status, statusOf } from "./status.ts";
import { Taps } from "./taps.ts";

/** Between reports of a name or a handler that stays away. */
const REPORT_SECONDS = 600;

export function createAgent(ports: AgentPorts): Agent {
  return new RunningAgent(ports);
}

class RunningAgent implements Agent {
  readonly taps: Taps;
  readonly #ports: AgentPorts;
  readonly #started: number;
  readonly #assembly: Assembly;
  readonly #housekeeping: Housekeeping;
  readonly #losses: Losses;
  readonly #missing: ErrorReporter;
  readonly #retry: Retry;
  #running: Running | undefined;
  #isStopped = false;
  /** A reload and another try never meet. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ports: AgentPorts) {
    const { host: { clock }, log } = ports;
    const now = () => clock.now();
    this.#ports = ports;
    this.#started = clock.now();
    this.taps = new Taps(clock);
    this.#losses = createLosses(now);
    this.#missing = createErrorReporter(log, now, REPORT_SECONDS);
    this.#retry = createRetry(clock, () => this.#inTurn(() => this.#tryAgain()));
    const settings = () => this.#running?.settings;
    const budget: SeriesBudget = { max: Infinity, used: 0, sharers: new Set() };
    this.#housekeeping = new Housekeeping(ports, settings, () => this.state(), budget);
    this.#assembly = new Assembly(ports, this.#housekeeping, this.#losses, this.taps, budget);
  }

  async start(settings: AgentSettings): Promise<void> {
    const { log, spools } = this.#ports;
    const first = await this.#assembly.build(settings, undefined, "first");
    refuseEmpty(first.runners.keys(), first.workers.size, first.state.missing);
    this.#running = first;
    this.#watchMissing();
    const names = first.pipeline.workers.map(({ name }) => name);
    for (const other of spools?.handlers().filter((name) => !names.includes(name)) ?? []) {
      log.warn(
        `There is a spool of ${other}, which is not among the handlers: ` +
          "`diamond-agent spool` exports or drops it",
      );
    }
    first.scheduler.start();
  }

  reload(settings: AgentSettings): Promise<string[]> {
    return this.#inTurn(async () => {
      const next = await this.#assembly.build(settings, this.#running, "next");
      const changes = await this.#takeOver(next);
      this.#watchMissing();
      return changes;
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#retry.stop();
    if (this.#running === undefined) return;
    const { host: { clock }, spools } = this.#ports;
    const { scheduler, pipeline, runners, settings: { server } } = this.#running;
    const started = clock.monotonic();
    await scheduler.stop(server.stop_timeout / 2);
    for (const { runner } of runners.values()) await runner.dispose();
    const left = server.stop_timeout - (clock.monotonic() - started) / 1000;
    await Promise.all(pipeline.workers.map((worker) => worker.stop(Math.max(left, 0.1))));
    this.#housekeeping.keep(true);
    spools?.close();
  }

  state(): AgentState {
    return this.#running?.state ?? NO_STATE;
  }

  status(): Status {
    const ports = this.#ports;
    const { settings, workers } = this.#running ?? {};
    return statusOf(this.state(), ports.host, {
      started: this.#started,
      version: ports.version,
      maxMemory: settings?.server.max_memory ?? Infinity,
      off: settings?.off,
      configuration: ports.configuration?.(),
      log: ports.logPlaces,
      problems: {
        "the log cannot be written": ports.logProblem?.(),
        "the page cannot be served": ports.pageProblem?.(),
        "the state cannot be kept": this.#housekeeping.kept.problem,
      },
      losses: this.#losses,
      destination(name) {
        const options = workers?.get(name)?.part.options;
        return options && destinationOf(options);
      },
    });
  }

  series(query: SeriesQuery): SeriesAnswer {
    return findSeries(this.state().runners, this.#ports.host.histories.current(), query);
  }

  range(query: RangeQuery): RangeAnswer {
    return readRange(this.#ports.host.histories.current(), query);
  }

  outages(from: number, to: number): readonly Outage[] {
    return this.#housekeeping.kept.outages.between(from, to);
  }

  parts(): RunningParts {
    return {
      collectors: [...this.#running?.runners.values() ?? []],
      handlers: [...this.#running?.workers.values() ?? []],
    };
  }

  flushSpool(handler: string): boolean {
    const worker = this.#worker(handler);
    worker?.flushSpool();
    return worker !== undefined;
  }

  dropSpool(handler: string): number | undefined {
    return this.#worker(handler)?.dropSpool();
  }

  #worker(handler: string): Worker | undefined {
    return this.#running?.workers.get(handler)?.worker;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** What is missing is logged, and tried again where that may help. */
  #watchMissing(): boolean {
    const retried = this.state().missing.filter(({ isRetried }) => isRetried);
    if (retried.length === 0) {
      this.#missing.clear("What was missing");
      return false;
    }
    const [{ reason }] = retried;
    const sections = retried.map(({ section }) => section).join(", ");
    this.#missing.report(`Missing, and tried again: ${sections}`, reason);
    this.#retry.start();
    return true;
  }

  async #tryAgain(): Promise<boolean> {
    if (this.#running === undefined || this.#isStopped) return false;
    const { settings, runners, workers, names } = this.#running;
    names.forgetFailures();
    const next = await this.#assembly.build(settings, this.#running, "again");
    if (this.#isStopped) return false;
    const isMore = next.runners.size > runners.size || next.workers.size > workers.size;
    if (!isMore) return this.#watchMissing();
    const changes = await this.#takeOver(next);
    this.#ports.log.info(`Found after all: ${changes.join(", ")}`);
    return this.#watchMissing();
  }

  /** Ends what the next settings do not have. Returns what has changed, in words. */
  async #takeOver(next: Running): Promise<string[]> {
    const before = this.#running;
    await before?.scheduler.stop(0);
    this.#running = next;
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
}
