/**
 * A batch that the backend refuses for good is taken apart until what is left is the points that are at
 * fault; all others are delivered. Where none is taken, it is the backend that is at fault, not the points.
 */

import { codeOf, type Failure } from "../core/errors.ts";
import type { Metric } from "../core/metric.ts";

export interface Outcome {
  readonly delivered: number;
  /** How many points the backend will never take. */
  readonly refused: number;
  /** The first of them, where the backend says which they are. */
  readonly example: Metric | undefined;
  /** Why it was refused. */
  readonly reason: unknown;
  /** What could not be delivered now. */
  readonly rest: readonly Metric[];
  /** Why; undefined if `rest` is empty. */
  readonly error: unknown;
}

export interface PartsSettings {
  /** Points in one write. */
  readonly largest: number;
  /** Refusals without anything taken after which all of it is taken to be refused. */
  readonly tries: number;
  /** All of this batch was refused before, and others have been taken since: then it is its points that are at fault. */
  readonly condemned: boolean;
  /** Older points are written before newer ones. */
  readonly ordered: boolean;
}

type Write = (part: readonly Metric[]) => void | Promise<void>;

/**
 * Writes a batch, in parts where it is larger than one write, or where the backend refuses it. Without a
 * promise where all of it was taken at once, as nearly every tick is.
 */
export function writeParts(
  batch: readonly Metric[],
  settings: PartsSettings,
  write: Write,
): Outcome | Promise<Outcome> {
  if (batch.length > settings.largest) return new Parts(batch, settings).write(write);
  let begun: void | Promise<void>;
  try {
    begun = write(batch);
  } catch (error) {
    begun = Promise.reject(error);
  }
  if (begun === undefined) return { ...NOTHING, delivered: batch.length };
  return new Parts(batch, settings).write((part) => {
    const pending = begun ?? write(part);
    begun = undefined;
    return pending;
  });
}

const NOTHING: Outcome = {
  delivered: 0,
  refused: 0,
  example: undefined,
  reason: undefined,
  rest: [],
  error: undefined,
};

interface Part {
  readonly from: number;
  readonly to: number;
}

const LARGEST_EVERY = 4;

function sizeOf({ from, to }: Part): number {
  return to - from;
}

class Parts {
  readonly #batch: readonly Metric[];
  readonly #settings: PartsSettings;
  #waiting: Part[] = [];
  #delivered = 0;
  #refused = 0;
  #refusals = 0;
  /** As the backend names it, or where it stands. */
  #example: Metric | undefined;
  #firstBad = Infinity;
  #reason: unknown;

  constructor(batch: readonly Metric[], settings: PartsSettings) {
    const { largest } = settings;
    this.#batch = batch;
    this.#settings = settings;
    for (let from = 0; from < batch.length; from += largest) {
      this.#waiting.push({ from, to: Math.min(from + largest, batch.length) });
    }
  }

  async write(write: Write): Promise<Outcome> {
    for (let part = this.#next(); part !== undefined; part = this.#next()) {
      try {
        await write(this.#pointsOf(part));
        this.#delivered += sizeOf(part);
      } catch (error) {
        if (codeOf(error) !== "refused") return this.#interrupted(part, error);
        this.#takeApart(part, error as Failure);
        const isAll = this.#delivered === 0 &&
          (this.#refusals >= this.#settings.tries || this.#waiting.length === 0);
        if (isAll) return this.#allRefused();
      }
    }
    return this.#outcome([], undefined);
  }

  /**
   * Until something is taken, the largest part now and then, and otherwise the smallest: the good ones are
   * found soon where the bad ones stand together, and where they are spread.
   */
  #next(): Part | undefined {
    const isSearch = this.#delivered === 0 && !this.#settings.ordered;
    if (!isSearch || this.#refusals % LARGEST_EVERY === 0) return this.#waiting.shift();
    let smallest = 0;
    for (let at = 1; at < this.#waiting.length; at++) {
      if (sizeOf(this.#waiting[at]) < sizeOf(this.#waiting[smallest])) smallest = at;
    }
    return this.#waiting.splice(smallest, 1)[0];
  }

  #takeApart(part: Part, error: Failure): void {
    this.#reason ??= error;
    this.#refusals++;
    const size = sizeOf(part);
    const told = error.points as readonly Metric[] | number | undefined;
    const count = Math.min(typeof told === "number" ? told : told?.length ?? 0, size);
    if (count > 0) {
      this.#delivered += size - count;
      this.#refused += count;
      if (typeof told !== "number") this.#example ??= told?.[0];
    } else if (size === 1) {
      this.#refused++;
      this.#firstBad = Math.min(this.#firstBad, part.from);
    } else {
      const middle = part.from + (size >> 1);
      const halves = [{ from: part.from, to: middle }, { from: middle, to: part.to }];
      if (this.#settings.ordered) this.#waiting.unshift(...halves);
      else this.#waiting.push(...halves);
    }
  }

  #interrupted(part: Part, error: unknown): Outcome {
    // What was refused before anything was taken is refused with the next try again.
    if (this.#delivered === 0) return { ...NOTHING, rest: this.#batch, error };
    const rest = [part, ...this.#waiting].sort((a, b) => a.from - b.from);
    return this.#outcome(rest.flatMap((one) => this.#pointsOf(one)), error);
  }

  #allRefused(): Outcome {
    const { length } = this.#batch;
    if (!this.#settings.condemned) {
      return { ...NOTHING, reason: this.#reason, rest: this.#batch, error: this.#reason };
    }
    this.#refused = length;
    this.#firstBad = 0;
    return this.#outcome([], undefined);
  }

  #outcome(rest: readonly Metric[], error: unknown): Outcome {
    return {
      delivered: this.#delivered,
      refused: this.#refused,
      example: this.#example ?? this.#batch[this.#firstBad],
      reason: this.#reason,
      rest,
      error,
    };
  }

  #pointsOf({ from, to }: Part): readonly Metric[] {
    return from === 0 && to === this.#batch.length ? this.#batch : this.#batch.slice(from, to);
  }
}
