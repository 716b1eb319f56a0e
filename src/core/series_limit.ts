/**
 * Limits the number of series, per collector and in total, so that memory stays bounded. At the limit, series that
 * are gone make room. If that is not enough, new series are left out, logged by name and counted.
 */

/** The limit that all collectors share. */
export interface SeriesBudget {
  max: number;
  used: number;
  /** Less than `max` while memory is short. */
  room?: number;
  /** Those that share it, so that series which are gone make room for other collectors too. */
  readonly sharers?: Set<SeriesLimit>;
}

interface Seen {
  /** The last run that it came up in. */
  readonly seen: number;
}

/** Series that all collectors may have whatever memory says: a host has them. */
const MIN_ROOM = 20_000;
const ROOM_STEP = 0.9;

/** Takes room while memory is short, and gives it back, a step at a time. Series that are there stay. */
export function adaptRoom(budget: SeriesBudget, isShort: boolean): void {
  const { max, used, room = max } = budget;
  const next = isShort
    ? Math.max(MIN_ROOM, Math.floor(ROOM_STEP * Math.min(used, room)))
    : Math.ceil(room / ROOM_STEP);
  budget.room = next < max ? next : undefined;
}

/** A series is gone if it was not in this many runs. */
const GONE_AFTER_RUNS = 2;

export class SeriesLimit {
  readonly #max: number;
  readonly #budget: SeriesBudget;
  #used = 0;
  #sweptIn = -1;
  #samplesSweptIn = -1;
  #crowd: string | undefined;
  /** Why a series of the last run that came to the limit was left out. */
  #full = "";
  /** The series as the last new one found them, and its run. */
  #series: Map<string, Seen> | undefined;
  #run = 0;

  constructor(max: number, budget: SeriesBudget) {
    this.#max = max;
    this.#budget = budget;
  }

  /** Admits a new series, or returns why it cannot. `key` identifies it, with its parts separated by NUL. */
  admit(key: string, series: Map<string, Seen>, run: number): string | undefined {
    if (this.#isFull(series.size)) {
      if (this.#sweptIn !== run) this.#makeRoom(key, series, run);
      // Only the first one of a run is named; its message is used for the others as well.
      if (this.#isFull(series.size)) return this.#full;
    }
    if (this.#series === undefined) this.#budget.sharers?.add(this);
    this.#series = series;
    this.#run = run;
    this.#used++;
    this.#budget.used++;
    return undefined;
  }

  /** The same for one more sample of `delta`. */
  admitSample(key: string, samples: Map<string, Seen>, run: number): string | undefined {
    if (samples.size >= this.#max && this.#samplesSweptIn !== run) {
      this.#samplesSweptIn = run;
      forgetUnseen(samples, run - GONE_AFTER_RUNS);
    }
    if (samples.size < this.#max) return undefined;
    const limit = `it has max_series = ${this.#max} series`;
    this.#crowd ??= `${limit}, with the growth of "${key}"`;
    return `the growth of "${key}" is left out: ${limit}`;
  }

  gone(count: number): void {
    this.#used -= count;
    this.#budget.used -= count;
  }

  /** Returns and resets the description of what reached the limit. */
  takeCrowd(): string | undefined {
    const told = this.#crowd;
    this.#crowd = undefined;
    return told;
  }

  /** Releases all series when the collector ends. */
  end(): void {
    this.gone(this.#used);
    this.#series = undefined;
    this.#budget.sharers?.delete(this);
  }

  #makeRoom(key: string, series: Map<string, Seen>, run: number): void {
    const name = key.split("\0p", 1)[0].replaceAll("\0", " ");
    this.#crowd ??= `${this.#reached()}, with "${name}"`;
    this.#full = `"${name}" is left out: ${this.#reached()}`;
    this.#sweptIn = run;
    this.gone(forgetUnseen(series, run - GONE_AFTER_RUNS));
    for (const other of this.#budget.sharers ?? []) {
      if (this.#budget.used < roomOf(this.#budget)) return;
      if (other !== this) other.#giveUpGone();
    }
  }

  #giveUpGone(): void {
    if (this.#series === undefined) return;
    this.gone(forgetUnseen(this.#series, this.#run - GONE_AFTER_RUNS));
  }

  #isFull(own: number): boolean {
    return own >= this.#max || this.#budget.used >= roomOf(this.#budget);
  }

  #reached(): string {
    const { max, used, room } = this.#budget;
    if (used >= max) return `all collectors have max_series = ${max} series of [server]`;
    if (room !== undefined && used >= room) {
      return `all collectors have ${room} series, and the memory is near max_memory of [server]`;
    }
    return `it has max_series = ${this.#max} series`;
  }
}

function roomOf({ max, room = max }: SeriesBudget): number {
  return Math.min(room, max);
}

/** Forgets what was not seen after a run; returns how many. */
export function forgetUnseen(entries: Map<string, Seen>, run: number): number {
  const before = entries.size;
  for (const [key, { seen }] of entries) if (seen <= run) entries.delete(key);
  return before - entries.size;
}
