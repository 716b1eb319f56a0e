/** Adds up StatsD's samples between two flushes, bounded in names and in values that are kept. */

import { ownText } from "../core/own_text.ts";
import type { StatsdSample } from "./statsd_samples.ts";

export interface Timer {
  count: number;
  sum: number;
  min: number;
  max: number;
  /** For the percentiles; later ones are counted and summed alone where there are too many. */
  readonly values: number[];
}

interface Entry<T> {
  value: T;
  /** The flush before which it was last there. */
  seen: number;
}

/** Timers' values and sets' members of one interval. */
const MAX_KEPT = 200_000;
/** A member counts once more for each so many characters. */
const MEMBER_CHARS = 50;
const MEMBERS_LIMIT = `${MAX_KEPT} values of timers and members of sets`;
/** Names that were not there for this many flushes make room. */
const FORGET_AFTER = 60;

export class StatsdTotals {
  readonly counters = new Map<string, Entry<number>>();
  readonly gauges = new Map<string, Entry<number>>();
  readonly timers = new Map<string, Entry<Timer>>();
  readonly sets = new Map<string, Entry<Set<string>>>();
  readonly #maxNames: number;
  readonly #namesLimit: string;
  #flush = 0;
  #kept = 0;
  /** Samples left out since the last flush. */
  leftOut = 0;
  /** The limit, and the first name that was over it. */
  crowd: string | undefined;

  constructor(maxNames: number) {
    this.#maxNames = maxNames;
    this.#namesLimit = `max_names = ${maxNames}`;
  }

  add(sample: StatsdSample): void {
    const { name, kind, value, rate } = sample;
    if (kind === "counter") {
      const entry = this.#entry(this.counters, name, () => 0);
      if (entry !== undefined) entry.value += value / rate;
    } else if (kind === "gauge") {
      const entry = this.#entry(this.gauges, name, () => 0);
      if (entry !== undefined) entry.value = sample.relative ? entry.value + value : value;
    } else if (kind === "timer") {
      const entry = this.#entry(this.timers, name, newTimer);
      if (entry !== undefined) this.#time(entry.value, value, rate);
    } else {
      const entry = this.#entry(this.sets, name, () => new Set<string>());
      if (entry !== undefined) this.#join(entry.value, sample.text, name);
    }
  }

  /** Whether something came for it since the last flush. */
  isNew(entry: { readonly seen: number }): boolean {
    return entry.seen === this.#flush;
  }

  /** Begins the next interval. Gauges keep their values, since others may change them. */
  flush(): void {
    for (const entries of [this.counters, this.gauges, this.timers, this.sets]) {
      for (const [name, { seen }] of entries) {
        if (seen <= this.#flush - FORGET_AFTER) entries.delete(name);
      }
    }
    for (const entry of this.counters.values()) entry.value = 0;
    for (const entry of this.timers.values()) if (entry.value.count > 0) entry.value = newTimer();
    for (const entry of this.sets.values()) if (entry.value.size > 0) entry.value = new Set();
    this.#flush++;
    this.#kept = this.leftOut = 0;
    this.crowd = undefined;
  }

  #entry<T>(entries: Map<string, Entry<T>>, name: string, make: () => T): Entry<T> | undefined {
    let entry = entries.get(name);
    if (entry === undefined) {
      const { counters, gauges, timers, sets } = this;
      if (counters.size + gauges.size + timers.size + sets.size >= this.#maxNames) {
        return this.#leaveOut(name, this.#namesLimit);
      }
      entry = { value: make(), seen: 0 };
      entries.set(ownText(name), entry);
    }
    entry.seen = this.#flush;
    return entry;
  }

  #time(timer: Timer, value: number, rate: number): void {
    timer.count += 1 / rate;
    timer.sum += value / rate;
    timer.min = Math.min(timer.min, value);
    timer.max = Math.max(timer.max, value);
    if (this.#kept >= MAX_KEPT) return;
    this.#kept++;
    timer.values.push(value);
  }

  #join(members: Set<string>, text: string, name: string): void {
    if (members.has(text)) return;
    if (this.#kept >= MAX_KEPT) return void this.#leaveOut(name, MEMBERS_LIMIT);
    this.#kept += 1 + Math.floor(text.length / MEMBER_CHARS);
    members.add(ownText(text));
  }

  #leaveOut(name: string, limit: string): undefined {
    this.leftOut++;
    this.crowd ??= `more than ${limit}, with "${name}"`;
  }
}

function newTimer(): Timer {
  return { count: 0, sum: 0, min: Infinity, max: -Infinity, values: [] };
}

/** The largest of the lowest `percent` of sorted values, as StatsD's `upper_95`. */
export function upper(sorted: ArrayLike<number>, percent: number): number {
  const rank = Math.round(sorted.length * percent / 100);
  return sorted[Math.max(0, rank - 1)];
}
