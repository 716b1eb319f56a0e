/** The time that a write may take: the sink gets a signal, and is not waited for when it does not heed it. */

import { timedOut } from "../core/errors.ts";
import type { Sink } from "../core/handler.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metric } from "../core/metric.ts";

export class Deadline {
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #seconds: number;
  readonly #taken: ((batch: readonly Metric[]) => void) | undefined;
  /** Of the write that is under way, and of those after it until one is late. */
  #controller = new AbortController();

  /** `taken` is called after each write that ends well. */
  constructor(
    sink: Sink,
    clock: Clock,
    seconds: number,
    taken?: (batch: readonly Metric[]) => void,
  ) {
    this.#sink = sink;
    this.#clock = clock;
    this.#seconds = seconds;
    this.#taken = taken;
  }

  write(batch: readonly Metric[]): void | Promise<void> {
    if (this.#controller.signal.aborted) this.#controller = new AbortController();
    const pending = this.#sink.write(batch, this.#controller.signal);
    if (pending !== undefined) return this.#inTime(pending, batch);
    this.#taken?.(batch);
  }

  abort(why: unknown): void {
    this.#controller.abort(why);
  }

  async #inTime(pending: Promise<void>, batch: readonly Metric[]): Promise<void> {
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.after(this.#seconds * 1000, () => {
      const error = timedOut(
        `The backend did not take ${batch.length} metrics within ${this.#seconds} s`,
      );
      this.#controller.abort(error);
      late.reject(error);
    });
    try {
      await Promise.race([pending, late.promise]);
      this.#taken?.(batch);
    } finally {
      cancel();
    }
  }
}

/** Waits for work, at most so long. Whether it ended in time. */
export async function within(
  clock: Clock,
  seconds: number,
  work: Promise<unknown>,
): Promise<boolean> {
  const limit = new AbortController();
  const inTime = await Promise.race([
    work.then(() => true),
    clock.sleep(seconds * 1000, limit.signal).then(() => false),
  ]);
  limit.abort();
  return inTime;
}
