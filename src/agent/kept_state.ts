/** What the agent knows from its earlier runs, and keeps for its next one: ledgers, counter samples, outages. */

import type { EmitterSettings } from "../core/emitter.ts";
import { codeOf, messageOf } from "../core/errors.ts";
import type { SavedLedger } from "../delivery/ledger.ts";
import type { Host } from "../ports/host.ts";
import type { AgentPorts } from "./agent_contract.ts";
import { Outages } from "./outages.ts";
import type { AgentState } from "./self_metrics.ts";
import { bootOf, readState, type SavedState } from "./state.ts";

export class KeptState {
  /** When handlers could not deliver. */
  readonly outages: Outages;
  readonly #ports: AgentPorts;
  readonly #before: SavedState;
  /** Of the boot's clock from this process's: only for samples of an earlier run. */
  readonly #offset: number;
  #problem: string | undefined;
  #isReported = false;

  constructor(ports: AgentPorts) {
    const { host, log, state, view = "" } = ports;
    this.#ports = ports;
    this.#before = readState(state, view, host, log, (error) => {
      this.#problem = problemOf(error);
    });
    const hasSamples = Object.keys(this.#before.collectors).length > 0;
    this.#offset = hasSamples ? bootOf(host).offset : 0;
    this.outages = new Outages(this.#before.outages, this.#before.kept);
  }

  /** Why the state cannot be kept, where its file system does not answer. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The ledger that an earlier run saved for a handler; undefined if there is none. */
  ledger(handler: string): SavedLedger | undefined {
    return this.#before.handlers[handler];
  }

  /** The counter samples that an earlier run saved for a collector; undefined if they are no longer useful. */
  samples(collector: string): EmitterSettings["saved"] {
    const samples = this.#before.collectors[collector];
    return samples && { samples, offset: this.#offset };
  }

  /** Saves the state. `clean`: the agent stops. */
  save(now: AgentState, clean: boolean): void {
    const { host, log, state } = this.#ports;
    if (state === undefined) return;
    const text = JSON.stringify(this.#current(now, clean, host));
    try {
      state.write(text);
      this.#isReported = false;
      this.#problem = undefined;
    } catch (error) {
      this.#problem = problemOf(error);
      if (!this.#isReported) {
        log.warn(
          `cannot write "${state.path}", so the ledgers and counters begin again with the next start: ${
            messageOf(error)
          }`,
        );
      }
      this.#isReported = true;
    }
  }

  #current({ runners, workers }: AgentState, clean: boolean, host: Host): SavedState {
    const { id: boot, offset } = bootOf(host);
    return {
      format: 1,
      boot,
      view: this.#ports.view ?? "",
      kept: host.clock.now(),
      clean,
      // Those of handlers that are not configured now may be again.
      handlers: {
        ...this.#before.handlers,
        ...Object.fromEntries(workers.map((worker) => [worker.name, worker.saved(clean)])),
      },
      collectors: Object.fromEntries(runners.map((one) => [one.name, one.save(offset)])),
      outages: this.outages.all(),
    };
  }
}

/** Only a file system that does not answer is a lasting one. */
function problemOf(error: unknown): string | undefined {
  return codeOf(error) === "timeout" ? messageOf(error) : undefined;
}
