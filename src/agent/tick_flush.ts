/** One tick's metrics on their way to the handlers: all of a tick go in one write, what ends later in its own. */

import type { Pipeline } from "../delivery/pipeline.ts";
import type { Outcome } from "./runner_contract.ts";

/** Turns of the queue of promises that a flush waits for runs that end at once, though asynchronous. */
const TURNS = 200;

export class TickFlush {
  readonly #pipeline: Pipeline;
  #hasMetrics = false;
  /** Runs of this tick that may still end in time for its flush. */
  #pending = 0;
  #isFlushed = false;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  /** Takes what a run gave that has ended. */
  take({ metrics }: Outcome): void {
    this.#pipeline.deliver(metrics);
    this.#hasMetrics = true;
  }

  /** Takes what a run gives once it ends. */
  async takeLater(running: Promise<Outcome>): Promise<void> {
    this.#pending++;
    const outcome = await running;
    this.#pending--;
    this.take(outcome);
    if (this.#isFlushed) this.#pipeline.flush();
  }

  /** All runs have begun. Those that wait for nothing outside of this process get the time to end. */
  end(): void {
    if (this.#pending === 0) this.#flush();
    else void this.#flushSoon();
  }

  async #flushSoon(): Promise<void> {
    for (let turn = 0; turn < TURNS && this.#pending > 0; turn++) await undefined;
    this.#flush();
  }

  #flush(): void {
    this.#isFlushed = true;
    if (this.#hasMetrics) this.#pipeline.flush();
  }
}
