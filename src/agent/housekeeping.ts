/**
 * Housekeeping after each tick, so that it needs no timer of its own: saves the state every minute, keeps memory
 * within its limit, and trims the spools.
 */

import { createErrorReporter, type ErrorReporter } from "../core/error_reporter.ts";
import { adaptRoom, type SeriesBudget } from "../core/series_limit.ts";
import { megabytes } from "../core/units.ts";
import { imbalance } from "../delivery/ledger.ts";
import type { AgentPorts, AgentSettings } from "./agent_contract.ts";
import { GarbageTurns } from "./garbage_turns.ts";
import { KeptState } from "./kept_state.ts";
import type { AgentState } from "./self_metrics.ts";

const KEEP_SECONDS = 60;
const LOOK_SECONDS = 5;
/** Share of max_memory above which the queues are emptied, and new series have less room. */
const PRESSURE = 0.9;
const REPORT_SECONDS = 600;

export class Housekeeping {
  /** What earlier runs left, and the next one gets. */
  readonly kept: KeptState;
  readonly #ports: AgentPorts;
  readonly #settings: () => AgentSettings | undefined;
  readonly #agentState: () => AgentState;
  readonly #budget: SeriesBudget;
  readonly #garbage: GarbageTurns;
  readonly #pressing: ErrorReporter;
  readonly #unbalanced: ErrorReporter;
  readonly #looks: Every;
  readonly #keeps: Every;

  constructor(
    ports: AgentPorts,
    settings: () => AgentSettings | undefined,
    agentState: () => AgentState,
    budget: SeriesBudget,
  ) {
    const { host, log } = ports;
    this.#ports = ports;
    this.#settings = settings;
    this.#agentState = agentState;
    this.#budget = budget;
    this.kept = new KeptState(ports);
    this.#garbage = new GarbageTurns(host);
    this.#pressing = createErrorReporter(log, () => host.clock.now(), REPORT_SECONDS);
    this.#unbalanced = createErrorReporter(log, () => host.clock.now(), REPORT_SECONDS);
    const started = host.clock.monotonic();
    this.#looks = new Every(LOOK_SECONDS, started);
    this.#keeps = new Every(KEEP_SECONDS, started);
  }

  /** After each wake-up. */
  tick(): void {
    const { clock } = this.#ports.host;
    const now = clock.monotonic();
    this.kept.outages.look(this.#agentState().workers, clock);
    if (this.#ports.audit === true) this.#audit();
    if (this.#looks.isDue(now)) this.#limitMemory();
    if (this.#keeps.isDue(now)) {
      for (const worker of this.#agentState().workers) worker.trimSpool();
      this.keep(false);
    }
  }

  /** Saves the state. */
  keep(clean: boolean): void {
    this.kept.save(this.#agentState(), clean);
  }

  #limitMemory(): void {
    const server = this.#settings()?.server;
    const rss = this.#garbage.tick(server?.memory ?? "normal");
    const limit = server?.max_memory ?? Infinity;
    const isShort = rss > limit * PRESSURE;
    adaptRoom(this.#budget, isShort);
    if (!isShort) return this.#pressing.clear("The memory");
    const { workers } = this.#agentState();
    const waiting = workers.reduce((sum, { queued }) => sum + queued, 0);
    this.#pressing.report(
      "The memory",
      `${megabytes(rss)} of max_memory = ${megabytes(limit)}; ${waiting} metrics leave it`,
    );
    for (const worker of workers) worker.shedMemory();
    this.#ports.host.self.dropCompiledCode();
  }

  #audit(): void {
    for (const { name, ledger, queued, spooled } of this.#agentState().workers) {
      const missing = imbalance(ledger, queued, spooled);
      if (missing !== 0) {
        this.#unbalanced.report(
          name,
          `The ledger does not close: ${missing} metrics are unaccounted for`,
        );
      }
    }
  }
}

/** What is due once in so many seconds. */
class Every {
  readonly #ms: number;
  #last: number;

  constructor(seconds: number, started: number) {
    this.#ms = seconds * 1000;
    this.#last = started;
  }

  /** Begins the time again where it is. Both in milliseconds. */
  isDue(now: number): boolean {
    if (now - this.#last < this.#ms) return false;
    this.#last = now;
    return true;
  }
}
