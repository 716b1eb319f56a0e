/**
 * Housekeeping after each tick, so that it needs no timer of its own: saves the state every minute, keeps memory
 * within its limit, and trims the spools.
 */

import { codeOf, messageOf } from "../core/errors.ts";
import type { EmitterSettings } from "../core/emitter.ts";
import { megabytes } from "../core/units.ts";
import { createErrorReporter } from "../core/error_reporter.ts";
import { imbalance, type SavedLedger } from "../delivery/ledger.ts";
import type { AgentPorts, AgentSettings } from "./agent_contract.ts";
import { Outages } from "./outages.ts";
import type { AgentState } from "./self_metrics.ts";
import { bootOf, readState, type SavedState } from "./state.ts";

export interface Housekeeping {
  /** The ledger that an earlier run saved for a handler; undefined if there is none. */
  ledger(handler: string): SavedLedger | undefined;
  /** The counter samples that an earlier run saved for a collector; undefined if they are no longer useful. */
  samples(collector: string): EmitterSettings["saved"];
  /** When handlers could not deliver. */
  readonly outages: Outages;
  /** After each wake-up. */
  tick(): void;
  /** Saves the state. */
  keep(clean: boolean): void;
  /** Why the state cannot be kept, where its file system does not answer. */
  readonly problem: string | undefined;
}

const KEEP_SECONDS = 60;
const LOOK_SECONDS = 5;
/** Share of max_memory above which the queues are emptied. */
const PRESSURE = 0.9;
const REPORT_SECONDS = 600;
/** When to release start-up memory. The first pass drops references, the second frees the memory. */
const RELEASE_MS = [10_000, 15_000];
/** Time until the first full collection, when most code is compiled, and between later ones. Each takes 10 ms. */
const PAUSE_MS = {
  plain: { first: 285_000, later: 300_000 },
  normal: { first: 285_000, later: 300_000 },
  low: { first: 60_000, later: 120_000 },
};
/** Growth since the last collection that starts one earlier, as after a backlog. */
const GROWTH_BYTES = 12_582_912;
const SHORTEST_PAUSE_MS = 30_000;

export function createHousekeeping(
  { host, log, state, view = "", audit = false }: AgentPorts,
  settings: () => AgentSettings | undefined,
  agentState: () => AgentState,
): Housekeeping {
  let problem: string | undefined;
  const kept = readState(state, view, host, log, (error) => {
    if (codeOf(error) === "timeout") problem = messageOf(error);
  });
  const outages = new Outages(kept.outages, kept.kept);
  const hasSamples = Object.keys(kept.collectors).length > 0;
  const offset = hasSamples ? bootOf(host).offset : 0;
  const pressing = createErrorReporter(log, () => host.clock.now(), REPORT_SECONDS);
  const unbalanced = createErrorReporter(log, () => host.clock.now(), REPORT_SECONDS);
  let told = false;
  const started = host.clock.monotonic();
  let turns = 0;
  let collectedAt = started;
  let collectAt = started + RELEASE_MS[0];
  /** After the last collection. */
  let least = Infinity;
  const looks = every(LOOK_SECONDS, started);
  const keeps = every(KEEP_SECONDS, started);

  function keep(clean: boolean): void {
    if (state === undefined) return;
    const { runners, workers } = agentState();
    const { id: boot, offset } = bootOf(host);
    const text = JSON.stringify(
      {
        format: 1,
        boot,
        view,
        kept: host.clock.now(),
        clean,
        // Those of handlers that are not configured now may be again.
        handlers: {
          ...kept.handlers,
          ...Object.fromEntries(workers.map((worker) => [worker.name, worker.saved(clean)])),
        },
        collectors: Object.fromEntries(runners.map((one) => [one.name, one.save(offset)])),
        outages: outages.all(),
      } satisfies SavedState,
    );
    try {
      state.write(text);
      told = false;
      problem = undefined;
    } catch (error) {
      problem = codeOf(error) === "timeout" ? messageOf(error) : undefined;
      if (!told) {
        log.warn(
          `cannot write "${state.path}", so the ledgers and counters begin again with the next start: ${
            messageOf(error)
          }`,
        );
      }
      told = true;
    }
  }

  /** Ends the start, and collects garbage from time to time. Returns the memory, in bytes. */
  function collect(): number {
    const { self, clock } = host;
    const now = clock.monotonic();
    const rss = self.rss();
    const hasGrown = rss > least + GROWTH_BYTES && now - collectedAt >= SHORTEST_PAUSE_MS;
    if (now < collectAt && !hasGrown) return rss;
    if (turns < RELEASE_MS.length) self.dropCompiledCode();
    else self.reclaim();
    turns++;
    const { first, later } = PAUSE_MS[settings()?.server.memory ?? "normal"];
    if (turns < RELEASE_MS.length) collectAt = started + RELEASE_MS[turns];
    else collectAt = now + (turns === RELEASE_MS.length ? first : later);
    collectedAt = now;
    return least = self.rss();
  }

  function shedMemory(): void {
    const rss = collect();
    const limit = settings()?.server.max_memory ?? Infinity;
    const { workers } = agentState();
    if (rss <= limit * PRESSURE) return pressing.clear("The memory");
    const waiting = workers.reduce((sum, { queued }) => sum + queued, 0);
    pressing.report(
      "The memory",
      `${megabytes(rss)} of max_memory = ${megabytes(limit)}; ${waiting} metrics leave it`,
    );
    for (const worker of workers) worker.shedMemory();
    host.self.dropCompiledCode();
  }

  function check(): void {
    for (const { name, ledger, queued, spooled } of agentState().workers) {
      const missing = imbalance(ledger, queued, spooled);
      if (missing !== 0) {
        unbalanced.report(
          name,
          `The ledger does not close: ${missing} metrics are unaccounted for`,
        );
      }
    }
  }

  return {
    ledger: (handler) => kept.handlers[handler],
    samples(collector) {
      const samples = kept.collectors[collector];
      return samples && { samples, offset };
    },
    keep,
    get problem() {
      return problem;
    },
    outages,
    tick() {
      const now = host.clock.monotonic();
      outages.look(agentState().workers, host.clock);
      if (audit) check();
      if (looks(now)) shedMemory();
      if (keeps(now)) {
        for (const worker of agentState().workers) worker.trimSpool();
        keep(false);
      }
    },
  };
}

/** Whether so much time has passed since it last said so, or since `started`; times in milliseconds. */
function every(seconds: number, started: number): (now: number) => boolean {
  let last = started;
  return (now) => {
    if (now - last < seconds * 1000) return false;
    last = now;
    return true;
  };
}
