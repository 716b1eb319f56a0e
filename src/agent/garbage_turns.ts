/** When garbage is collected: twice to release the memory of the start, then seldom, earlier after growth. */

import type { Host } from "../ports/host.ts";

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

export class GarbageTurns {
  readonly #host: Host;
  readonly #started: number;
  #turns = 0;
  #collectedAt: number;
  #dueAt: number;
  /** Bytes after the last collection. */
  #least = Infinity;

  constructor(host: Host) {
    this.#host = host;
    this.#started = host.clock.monotonic();
    this.#collectedAt = this.#started;
    this.#dueAt = this.#started + RELEASE_MS[0];
  }

  /** Collects where it is time. Returns the memory, in bytes. */
  tick(mode: keyof typeof PAUSE_MS): number {
    const { self, clock } = this.#host;
    const now = clock.monotonic();
    const rss = self.rss();
    const hasGrown = rss > this.#least + GROWTH_BYTES &&
      now - this.#collectedAt >= SHORTEST_PAUSE_MS;
    if (now < this.#dueAt && !hasGrown) return rss;
    if (this.#turns < RELEASE_MS.length) self.dropCompiledCode();
    else self.reclaim();
    this.#turns++;
    this.#collectedAt = now;
    this.#dueAt = this.#nextAfter(now, mode);
    return this.#least = self.rss();
  }

  #nextAfter(now: number, mode: keyof typeof PAUSE_MS): number {
    if (this.#turns < RELEASE_MS.length) return this.#started + RELEASE_MS[this.#turns];
    const { first, later } = PAUSE_MS[mode];
    return now + (this.#turns === RELEASE_MS.length ? first : later);
  }
}
