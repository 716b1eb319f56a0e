/** Values of series by time, from the history and as they come, and what a chart of so many columns shows of them. */

import type { RangeAnswer } from "../../agent/range.ts";

interface Sample {
  /** Seconds since the epoch. */
  readonly time: number;
  readonly value: number;
}

/** A value holds for so many of the usual distances between two. */
const HOLD = 2.5;
/** Which of the distances, in order, is the usual one: some are longer by an outage. */
const USUAL = 0.9;
/** Of one series; the oldest go first. */
const MAX_SAMPLES = 4000;

export class Samples {
  readonly #byPath = new Map<string, Sample[]>();

  /** A value that came in; one of a time that is there already changes nothing. */
  add(path: string, time: number, value: number): void {
    const samples = this.#byPath.get(path);
    if (samples === undefined) this.#byPath.set(path, [{ time, value }]);
    else if (time > samples.at(-1)!.time) samples.push({ time, value });
    if (samples !== undefined && samples.length > MAX_SAMPLES) samples.shift();
  }

  /** Puts what a history has before what came in. */
  addRange({ start, step, series }: RangeAnswer): void {
    for (const { path, mean } of series) {
      const past = mean.flatMap((value, at) =>
        value === null ? [] : [{ time: start + at * step, value }]
      );
      const last = past.at(-1)?.time ?? -Infinity;
      const later = (this.#byPath.get(path) ?? []).filter(({ time }) => time >= last + step);
      this.#byPath.set(path, [...past, ...later]);
    }
  }

  clear(): void {
    this.#byPath.clear();
  }

  /** Means of the columns of a chart that ends at `end`, in seconds; NaN where there is no value. */
  columns(path: string, end: number, span: number, count: number): number[] {
    const samples = this.#byPath.get(path) ?? [];
    const width = span / count;
    const start = end - span;
    const sums = new Array<number>(count).fill(0);
    const counts = new Array<number>(count).fill(0);
    let before: Sample | undefined;
    for (const sample of samples) {
      // The value of the last second belongs to the last column.
      const column = Math.min(count - 1, Math.floor((sample.time - start) / width));
      if (sample.time > end) break;
      if (column < 0) before = sample;
      else {
        sums[column] += sample.value;
        counts[column]++;
      }
    }
    const hold = Math.max(HOLD * usualDistance(samples), width);
    let { time: heldFrom, value: held } = before ?? { time: -Infinity, value: NaN };
    return sums.map((sum, column) => {
      const middle = start + (column + 0.5) * width;
      if (counts[column] > 0) {
        held = sum / counts[column];
        heldFrom = middle;
      }
      return middle - heldFrom <= hold ? held : NaN;
    });
  }

  /** The value that holds at a time; NaN where there is none. */
  at(path: string, time: number): number {
    const samples = this.#byPath.get(path) ?? [];
    const last = samples.findLast((sample) => sample.time <= time);
    if (last === undefined) return NaN;
    const distance = usualDistance(samples);
    return distance === 0 || time - last.time <= HOLD * distance + 1 ? last.value : NaN;
  }
}

function usualDistance(samples: readonly Sample[]): number {
  const distances = samples.slice(1).map(({ time }, at) => time - samples[at].time);
  distances.sort((a, b) => a - b);
  return distances[Math.floor((distances.length - 1) * USUAL)] ?? 0;
}
