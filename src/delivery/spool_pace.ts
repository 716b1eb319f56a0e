/** When the spool's turn is: `rate` points a second, and at once where somebody is in a hurry. */

import type { Clock } from "../ports/clock.ts";

export class SpoolPace {
  readonly #clock: Clock;
  readonly #rate: number;
  readonly #wake: () => void;
  #allowedAt = -Infinity;
  #timer: AbortController | undefined;
  isHurrying = false;

  /** `rate` 0: no limit; `wake` is called when a turn has come that was asked for too soon. */
  constructor(clock: Clock, rate: number, wake: () => void) {
    this.#clock = clock;
    this.#rate = rate;
    this.#wake = wake;
  }

  isDue(): boolean {
    const wait = this.#allowedAt - this.#clock.monotonic();
    if (wait <= 0 || this.isHurrying) return true;
    this.#later(wait);
    return false;
  }

  took(points: number): void {
    if (this.#rate === 0) return;
    const from = Math.max(this.#allowedAt, this.#clock.monotonic());
    this.#allowedAt = from + (points / this.#rate) * 1000;
  }

  stopWaiting(): void {
    this.#timer?.abort();
  }

  #later(ms: number): void {
    if (this.#timer !== undefined) return;
    const mine = this.#timer = new AbortController();
    void this.#clock.sleep(ms, mine.signal).then(() => {
      if (this.#timer === mine) this.#timer = undefined;
      this.#wake();
    });
  }
}
