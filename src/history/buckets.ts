/** Spans of time of one series: the least, the mean and the largest value of each; NaN where there is none. */

export class Buckets {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly #sum: Float64Array;
  readonly #points: Float64Array;

  constructor(count: number) {
    this.min = new Float64Array(count).fill(NaN);
    this.max = new Float64Array(count).fill(NaN);
    this.#sum = new Float64Array(count);
    this.#points = new Float64Array(count);
  }

  /** A value that is none, NaN, is left out. */
  add(slot: number, min: number, mean: number, max: number): void {
    if (Number.isNaN(mean)) return;
    this.#sum[slot] += mean;
    this.#points[slot]++;
    if (!(min >= this.min[slot])) this.min[slot] = min;
    if (!(max <= this.max[slot])) this.max[slot] = max;
  }

  /** The mean of what was added. */
  mean(): Float64Array {
    return this.#sum.map((total, slot) => total / this.#points[slot]);
  }
}
