/**
 * The agent: settings in, a running scheduler and pipeline out. What a reload leaves as it was keeps
 * its state: queues, rates, sockets.
 */

import { type AnyCollector, type CommonValues, SELF_NAME, systemsOf } from "../core/collector.ts";
import { messageOf } from "../core/errors.ts";
import type { AnyHandler, DeliveryValues } from "../core/handler.ts";
import type { Host } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { MemoryMode } from "../ports/process.ts";
import type { Spools } from "../ports/spool.ts";
import { createPipeline, type Pipeline } from "../delivery/pipeline.ts";
import { createWorker, type Worker } from "../delivery/worker.ts";
import { type CollectorRunner, createCollectorRunner } from "./collector_runner.ts";
import { createHostnameResolver, type HostnameResolver } from "./hostname.ts";
import { createScheduler, type Scheduler, staggerOffset } from "./scheduler.ts";
import { createHousekeeping } from "./housekeeping.ts";
import { type AgentState, NO_STATE } from "./self_metrics.ts";
import type { StateStore } from "./state.ts";
import { type Status, statusOf } from "./status.ts";

/** The part of the settings that the agent works by. */
export interface AgentSettings {
  readonly server: {
    readonly self_metrics: boolean;
    readonly stop_timeout: number;
    readonly max_memory: number;
    readonly memory?: MemoryMode;
  };
  readonly collectors: readonly CollectorConfig[];
  readonly handlers: readonly HandlerConfig[];
}

export interface CollectorConfig {
  readonly section: string;
  readonly collector: AnyCollector;
  readonly options: CommonValues & Readonly<Record<string, unknown>>;
  readonly origins: ReadonlyMap<string, unknown>;
}

export interface HandlerConfig {
  readonly section: string;
  readonly handler: AnyHandler;
  readonly options: DeliveryValues & Readonly<Record<string, unknown>>;
}

export interface Agent {
  start(settings: AgentSettings): Promise<void>;
  /** Takes over other settings. Throws before anything is changed. */
  reload(settings: AgentSettings): Promise<string[]>;
  /** Ends runs, flushes within the `stop_timeout`, closes all. */
  stop(): Promise<void>;
  state(): AgentState;
  status(): Status;
  /** Sends what a handler has spooled at once, without regard to its rate. False where there is no such handler. */
  flushSpool(handler: string): boolean;
  /** Gives up what a handler has spooled; how many metrics. Undefined where there is no such handler. */
  dropSpool(handler: string): number | undefined;
}

/** What the agent needs besides the host. */
export interface AgentPorts {
  readonly host: Host;
  readonly log: Log;
  readonly random: () => number;
  /** Undefined where nothing is to be kept on disk. */
  readonly spools?: Spools;
  readonly state?: StateStore;
  /** Which /proc and the like is looked at: counters of another one mean nothing. */
  readonly view?: string;
  /** Looks at the books after each tick. */
  readonly audit?: boolean;
}

interface Resolved {
  readonly part: CollectorConfig;
  readonly hostname: string | null;
  readonly runner: CollectorRunner;
}

interface Running {
  readonly settings: AgentSettings;
  readonly runners: ReadonlyMap<string, Resolved>;
  readonly workers: ReadonlyMap<string, { part: HandlerConfig; worker: Worker }>;
  readonly pipeline: Pipeline;
  readonly scheduler: Scheduler;
  readonly state: AgentState;
}

export function createAgent(ports: AgentPorts): Agent {
  const { host, log, random, spools } = ports;
  const started = host.clock.now();
  const housekeeping = createHousekeeping(ports, () => running?.settings, () => state());
  let running: Running | undefined;

  function state(): AgentState {
    return running?.state ?? NO_STATE;
  }

  async function build(settings: AgentSettings, before: Running | undefined): Promise<Running> {
    const names = createHostnameResolver(host);
    const runners = new Map<string, Resolved>();
    for (const part of settings.collectors) {
      if (part.section === SELF_NAME && !settings.server.self_metrics) continue;
      const collected = await collect(part, names, before?.runners.get(part.section));
      if (collected !== undefined) runners.set(part.section, collected);
    }
    const workers = new Map<string, { part: HandlerConfig; worker: Worker }>();
    for (const part of settings.handlers.flatMap(backendsOf)) {
      const { section: name, handler, options } = part;
      const kept = before?.workers.get(name);
      if (kept !== undefined && isSame(kept.part, part)) {
        workers.set(name, kept);
        continue;
      }
      const sink = handler.open({ host, options, log });
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
          saved: before === undefined ? housekeeping.ledger(name) : undefined,
          clock: host.clock,
          log,
          random,
        }),
      });
    }
    const pipeline = createPipeline([...workers.values()].map(({ worker }) => worker));
    const all = [...runners.values()].map(({ runner }) => runner);
    return {
      settings,
      runners,
      workers,
      pipeline,
      scheduler: createScheduler(
        all,
        pipeline,
        host.clock,
        log,
        before?.scheduler.phases(),
        housekeeping.tick,
      ),
      state: { runners: all, workers: pipeline.workers },
    };
  }

  /** What was there before stays if nothing has changed. Undefined where the collector cannot work; the log says why. */
  async function collect(
    part: CollectorConfig,
    names: HostnameResolver,
    before: Resolved | undefined,
  ): Promise<Resolved | undefined> {
    const { section, options } = part;
    const reason = unsupported(part, host);
    if (reason !== undefined) {
      log.info(reason);
      return undefined;
    }
    try {
      const hostname = await names.resolve(options, part.origins.has("hostname"));
      if (before !== undefined && before.hostname === hostname && isSame(before.part, part)) {
        return before;
      }
      const offset = options.stagger_collection
        ? staggerOffset(hostname ?? host.names.hostname(), options.interval)
        : 0;
      const saved = before === undefined ? housekeeping.samples(section) : undefined;
      const runner = createCollectorRunner(part, hostname, offset, host, log, saved);
      return { part, hostname, runner };
    } catch (error) {
      log.error(`${section} is left out: ${messageOf(error)}`, error);
      return undefined;
    }
  }

  async function start(settings: AgentSettings): Promise<void> {
    running = await build(settings, undefined);
    const names = running.pipeline.workers.map(({ name }) => name);
    for (const other of spools?.handlers().filter((name) => !names.includes(name)) ?? []) {
      log.warn(
        `There is a spool of ${other}, which is not among the handlers: ` +
          "`diamond-agent spool` exports or drops it",
      );
    }
    running.scheduler.start();
  }

  async function reload(settings: AgentSettings): Promise<string[]> {
    const before = running;
    const next = await build(settings, before);
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
      await worker.stop(settings.server.stop_timeout);
      next.workers.get(name)?.worker.adopt(worker.saved(true));
    }));
    return changes(before?.runners, next.runners, "collector").concat(
      changes(before?.workers, next.workers, "handler"),
    );
  }

  async function stop(): Promise<void> {
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
    reload,
    stop,
    state,
    status: () =>
      statusOf(state(), host, {
        started,
        maxMemory: running?.settings.server.max_memory ?? Infinity,
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
  const hostname = await createHostnameResolver(host).resolve(
    part.options,
    part.origins.has("hostname"),
  );
  return createCollectorRunner(part, hostname, 0, host, log);
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

/** A file of a user's that was changed makes another plugin of the same name. */
function isSame(a: CollectorConfig | HandlerConfig, b: CollectorConfig | HandlerConfig): boolean {
  return pluginOf(a) === pluginOf(b) && JSON.stringify(a.options) === JSON.stringify(b.options);
}

function pluginOf(part: CollectorConfig | HandlerConfig): AnyCollector | AnyHandler {
  return "collector" in part ? part.collector : part.handler;
}

function changes(
  before: ReadonlyMap<string, unknown> | undefined,
  after: ReadonlyMap<string, unknown>,
  what: string,
): string[] {
  const lines: string[] = [];
  for (const name of after.keys()) if (!before?.has(name)) lines.push(`${what} ${name} is new`);
  for (const [name, value] of before ?? []) {
    const now = after.get(name);
    if (now === undefined) lines.push(`${what} ${name} is gone`);
    else if (now !== value) lines.push(`${what} ${name} has changed`);
  }
  return lines;
}
