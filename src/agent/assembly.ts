/** Puts collectors and workers together for some settings. What the settings before had unchanged stays at work. */

import { SELF_NAME } from "../core/collector.ts";
import { configError, messageOf } from "../core/errors.ts";
import type { Sink } from "../core/handler.ts";
import type { SeriesBudget } from "../core/series_limit.ts";
import { droppedTotal } from "../delivery/ledger.ts";
import { createPipeline, type Pipeline } from "../delivery/pipeline.ts";
import { type Outlet, spreadOver } from "../delivery/spread.ts";
import { createWorker, type Worker } from "../delivery/worker.ts";
import type { Host } from "../ports/host.ts";
import type {
  AgentPorts,
  AgentSettings,
  CollectorConfig,
  HandlerConfig,
  RunningCollector,
} from "./agent_contract.ts";
import { isSame } from "./changes.ts";
import { createCollectorRunner } from "./collector_runner.ts";
import { createHostnameResolver, type HostnameResolver } from "./hostname.ts";
import type { Housekeeping } from "./housekeeping.ts";
import type { Losses } from "./losses.ts";
import { type Missing, withTimes } from "./missing.ts";
import { backendsOf, unsupported } from "./parts.ts";
import { createScheduler, type Scheduler, staggerOffset } from "./scheduler.ts";
import type { AgentState } from "./self_metrics.ts";
import type { Taps } from "./taps.ts";

interface RunningHandler {
  readonly part: HandlerConfig;
  readonly worker: Worker;
}

/** All that is at work for some settings. */
export interface Running {
  readonly settings: AgentSettings;
  readonly runners: ReadonlyMap<string, RunningCollector>;
  readonly workers: ReadonlyMap<string, RunningHandler>;
  readonly names: HostnameResolver;
  readonly pipeline: Pipeline;
  readonly scheduler: Scheduler;
  readonly state: AgentState;
}

/** `first`: at the start. `again`: what is missing is tried once more. `next`: other settings, which hold as a whole or not at all. */
type Occasion = "first" | "again" | "next";

interface Task {
  readonly settings: AgentSettings;
  readonly before: Running | undefined;
  readonly occasion: Occasion;
  readonly missing: Missing[];
}

export class Assembly {
  readonly #ports: AgentPorts;
  readonly #housekeeping: Housekeeping;
  readonly #losses: Losses;
  readonly #taps: Taps;
  readonly #budget: SeriesBudget;

  constructor(
    ports: AgentPorts,
    housekeeping: Housekeeping,
    losses: Losses,
    taps: Taps,
    budget: SeriesBudget,
  ) {
    this.#ports = ports;
    this.#housekeeping = housekeeping;
    this.#losses = losses;
    this.#taps = taps;
    this.#budget = budget;
  }

  /** Throws `config` where a part of the `next` settings cannot work. */
  async build(
    settings: AgentSettings,
    before: Running | undefined,
    occasion: Occasion,
  ): Promise<Running> {
    const { host, log } = this.#ports;
    this.#budget.max = settings.server.max_series ?? Infinity;
    const missing = (settings.leftOut ?? []).map((one) => this.#missingFor(one, false));
    const task: Task = { settings, before, occasion, missing };
    const names = occasion === "again" ? before!.names : createHostnameResolver(host);
    const runners = await this.#runners(task, names);
    const workers = this.#workers(task);
    const pipeline = createPipeline(
      [...workers.values()].map(({ worker }) => worker),
      (metrics) => this.#taps.offered(metrics),
      settings.handlers.flatMap((part) => outletsOf(part, workers, host)),
    );
    const all = [...runners.values()].map(({ runner }) => runner);
    const phases = before?.scheduler.phases();
    const tick = () => this.#housekeeping.tick();
    return {
      settings,
      runners,
      workers,
      names,
      pipeline,
      scheduler: createScheduler(all, pipeline, host.clock, log, phases, tick),
      state: {
        selfMetrics: settings.server.self_metrics,
        runners: all,
        workers: pipeline.workers,
        missing: withTimes(missing, before?.state.missing ?? []),
      },
    };
  }

  async #runners(task: Task, names: HostnameResolver): Promise<Map<string, RunningCollector>> {
    const { settings: { collectors, server } } = task;
    const runners = new Map<string, RunningCollector>();
    for (const part of collectors) {
      const { section } = part;
      if (section === SELF_NAME && server.self_metrics === "off") continue;
      const found = await this.#collector(part, names, task);
      if (found !== undefined) runners.set(section, found);
    }
    return runners;
  }

  /** The one of before, if nothing has changed. Undefined where it is missing. */
  async #collector(
    part: CollectorConfig,
    names: HostnameResolver,
    { before, occasion, missing }: Task,
  ): Promise<RunningCollector | undefined> {
    const { section, options } = part;
    const { host, log } = this.#ports;
    const reason = unsupported(part, host);
    if (reason !== undefined) {
      missing.push(this.#missingFor({ kind: "collector", section, reason }, false));
      return undefined;
    }
    let hostname: string | null;
    try {
      hostname = await names.resolve(options, part.origins.has("hostname"));
    } catch (error) {
      const reason = `The host's name cannot be found: ${messageOf(error)}`;
      if (occasion === "next" && !wasMissing(section, before)) throw configError(reason);
      missing.push(this.#missingFor({ kind: "collector", section, reason }, true));
      return undefined;
    }
    const known = before?.runners.get(section);
    if (known?.hostname === hostname && isSame(known.part, part)) return known;
    const offset = options.stagger_collection
      ? staggerOffset(hostname ?? host.names.hostname(), options.interval)
      : 0;
    const saved = occasion === "next" ? undefined : this.#housekeeping.kept.samples(section);
    const runner = createCollectorRunner(part, hostname, offset, host, log, saved, this.#budget);
    return { part, hostname, runner };
  }

  #workers(task: Task): Map<string, RunningHandler> {
    const { settings, before, occasion, missing } = task;
    const { host, log } = this.#ports;
    const workers = new Map<string, RunningHandler>();
    for (const part of settings.handlers.flatMap(backendsOf)) {
      const { section: name, handler, options } = part;
      const known = before?.workers.get(name);
      if (known !== undefined && isSame(known.part, part)) {
        workers.set(name, known);
        continue;
      }
      let sink: Sink;
      try {
        sink = handler.open({ host, options, log });
      } catch (error) {
        const reason = `cannot open ${name}: ${messageOf(error)}`;
        if (occasion === "next" && !wasMissing(name, before)) throw configError(reason);
        missing.push(this.#missingFor({ kind: "handler", section: name, reason }, true));
        continue;
      }
      workers.set(name, { part, worker: this.#worker(part, sink, occasion) });
    }
    return workers;
  }

  #worker({ section: name, handler, options }: HandlerConfig, sink: Sink, occasion: Occasion) {
    const { host, log, random, spools } = this.#ports;
    const saved = occasion === "next" ? undefined : this.#housekeeping.kept.ledger(name);
    if (saved !== undefined) this.#losses.begin(name, droppedTotal(saved));
    return createWorker({
      name,
      sink,
      receipt: handler.receipt,
      largest: handler.largest?.(options),
      ordered: handler.ordered,
      options,
      spools,
      saved,
      taken: (metrics) => this.#taps.delivered(name, metrics),
      clock: host.clock,
      log,
      random,
    });
  }

  #missingFor(
    { kind, section, reason }: NonNullable<AgentSettings["leftOut"]>[number],
    isRetried: boolean,
  ): Missing {
    return { kind, section, reason, since: this.#ports.host.clock.now(), isRetried };
  }
}

/** What leads to the workers of a handler: each of them, or what spreads points over them. */
function outletsOf(
  part: HandlerConfig,
  workers: ReadonlyMap<string, RunningHandler>,
  host: Host,
): Outlet[] {
  const own = backendsOf(part).map(({ section }) => workers.get(section)?.worker);
  const spread = part.handler.spread?.(part.options, host);
  return spread === undefined ? own.filter((one) => one !== undefined) : [spreadOver(own, spread)];
}

/** A reload is not refused for what is tried again anyway. */
function wasMissing(name: string, before: Running | undefined): boolean {
  const missing = before?.state.missing ?? [];
  return missing.some(({ section, isRetried }) => isRetried && section === name);
}
