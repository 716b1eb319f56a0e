/** What was seen of one series for a while. */

export interface Observed {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly last: number;
  /** Values that only a counter that stepped back can make; they are not among the others. */
  readonly spikes: number;
}

/** Python-diamond's rate of a counter that stepped back: its maximum, over the interval. */
const SPIKE = 1e16;

export class Observations {
  readonly #byPath = new Map<string, Observed>();

  add(path: string, value: number): void {
    const before = this.#byPath.get(path) ?? NOTHING;
    this.#byPath.set(
      path,
      value > SPIKE ? { ...before, spikes: before.spikes + 1 } : including(before, value),
    );
  }

  /** Takes over what another one has seen. */
  addAll(others: Observations): void {
    for (const [path, other] of others.#byPath) {
      const { count, min, max, sum, spikes } = this.#byPath.get(path) ?? NOTHING;
      this.#byPath.set(path, {
        count: count + other.count,
        min: Math.min(min, other.min),
        max: Math.max(max, other.max),
        sum: sum + other.sum,
        last: other.last,
        spikes: spikes + other.spikes,
      });
    }
  }

  get paths(): Iterable<string> {
    return this.#byPath.keys();
  }

  get size(): number {
    return this.#byPath.size;
  }

  of(path: string): Observed | undefined {
    return this.#byPath.get(path);
  }
}

const NOTHING: Observed = { count: 0, min: Infinity, max: -Infinity, sum: 0, last: NaN, spikes: 0 };

function including({ count, min, max, sum, spikes }: Observed, value: number): Observed {
  return {
    count: count + 1,
    min: Math.min(min, value),
    max: Math.max(max, value),
    sum: sum + value,
    last: value,
    spikes,
  };
}
