/**
 * Points as they pass, for those who watch them: a bounded buffer for each watcher, and nothing at all while
 * there is none. A watcher asks again and again; one that is slow loses points, which are counted.
 */

import { configError } from "../core/errors.ts";
import type { Metric } from "../core/metric.ts";
import type { Clock } from "../ports/clock.ts";
import { searchFor } from "./series.ts";

interface TapQuery {
  /** Of an answer before; absent: a new one. */
  readonly tap?: number;
  /** See `core/search.ts`; absent: all. */
  readonly match?: string;
  /** Instead of a search. */
  readonly wants?: (path: string) => boolean;
  /** Whose deliveries; absent: all points when the handlers get them. */
  readonly handler?: string;
}

interface Tapped {
  readonly tap: number;
  readonly metrics: readonly Metric[];
  /** Points since the last answer for which there was no room. */
  readonly lost: number;
}

interface Tap {
  readonly id: number;
  readonly handler: string | undefined;
  readonly matches: (path: string) => boolean;
  metrics: Metric[];
  lost: number;
  /** Monotonic milliseconds. */
  askedAt: number;
  /** Ends the waiting of an answer that has nothing yet. */
  wake: AbortController | undefined;
}

const MAX_TAPS = 8;
const MAX_POINTS = 10_000;
/** An answer without points comes after this. */
const WAIT_MS = 3000;
/** One that does not ask for so long has its points counted, not kept; later it is forgotten. */
const PATIENCE_MS = 10_000;
const FORGET_MS = 300_000;

export class Taps {
  readonly #clock: Clock;
  readonly #open: Tap[] = [];
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Handlers get these. */
  offered(metrics: readonly Metric[]): void {
    if (this.#open.length > 0) this.#add(undefined, metrics);
  }

  /** A handler's backend has taken these. */
  delivered(handler: string, metrics: readonly Metric[]): void {
    if (this.#open.length > 0) this.#add(handler, metrics);
  }

  /** What has passed since the last time; waits some seconds for something. Throws `config`. */
  async ask(query: TapQuery): Promise<Tapped> {
    const now = this.#clock.monotonic();
    this.#forget(now);
    const tap = query.tap === undefined ? this.#begin(query, now) : this.#find(query.tap);
    if (tap.metrics.length === 0) {
      tap.wake?.abort();
      const wake = tap.wake = new AbortController();
      await this.#clock.sleep(WAIT_MS, wake.signal);
      if (tap.wake === wake) tap.wake = undefined;
    }
    const { id, metrics, lost } = tap;
    tap.metrics = [];
    tap.lost = 0;
    tap.askedAt = this.#clock.monotonic();
    return { tap: id, metrics, lost };
  }

  /** A watcher has gone. */
  end(id: number): void {
    const at = this.#open.findIndex((tap) => tap.id === id);
    if (at >= 0) this.#open.splice(at, 1);
  }

  #add(handler: string | undefined, metrics: readonly Metric[]): void {
    const now = this.#clock.monotonic();
    this.#forget(now);
    for (const tap of this.#open) {
      if (tap.handler !== handler) continue;
      if (now - tap.askedAt > PATIENCE_MS && tap.wake === undefined) {
        tap.lost += tap.metrics.length;
        tap.metrics = [];
        tap.lost += metrics.filter(({ series }) => tap.matches(series.path)).length;
        continue;
      }
      for (const metric of metrics) {
        if (!tap.matches(metric.series.path)) continue;
        if (tap.metrics.length < MAX_POINTS) tap.metrics.push(metric);
        else tap.lost++;
      }
      if (tap.metrics.length > 0) tap.wake?.abort();
    }
  }

  #forget(now: number): void {
    for (let at = this.#open.length - 1; at >= 0; at--) {
      const { askedAt, wake } = this.#open[at];
      if (wake === undefined && now - askedAt > FORGET_MS) this.#open.splice(at, 1);
    }
  }

  #begin({ match = "", wants, handler }: TapQuery, askedAt: number): Tap {
    const matches = wants ?? searchFor(match);
    if (this.#open.length >= MAX_TAPS) {
      // The one that was silent for longest is a watcher that has gone, mostly.
      this.#open.sort((a, b) => b.askedAt - a.askedAt);
      const silent = this.#open.at(-1)!;
      if (askedAt - silent.askedAt < PATIENCE_MS) {
        throw configError(`${MAX_TAPS} taps are open already: end one of them`);
      }
      this.#open.pop();
    }
    const id = ++this.#last;
    const tap = { id, handler, matches, metrics: [], lost: 0, askedAt, wake: undefined };
    this.#open.push(tap);
    return tap;
  }

  #find(id: number): Tap {
    const tap = this.#open.find((one) => one.id === id);
    if (tap === undefined) throw configError("this tap has ended: start it again");
    return tap;
  }
}
