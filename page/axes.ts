/** Scales and ticks: from nothing up, with round numbers of the unit. */

import { isBinary } from "../src/view/quantity.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
/** Distances of ticks on a time axis, in seconds. */
export const TIME_STEPS: number[] = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 28, 91, 182, 365].map((days) => days * DAY),
];

const DECIMAL = [1, 2, 2.5, 5];
const BINARY = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const POWERS = 12;
const BINARY_POWERS = 6;
/** Room above the highest value. */
const HEAD = 1.08;
/** What a chart shows at least, so that noise does not look like load. */
const MIN_TOP: Readonly<Record<string, number>> = {
  percent: 10,
  "%": 10,
  byte: 1024,
  "byte/s": 1024,
  "bit/s": 1000,
};

/** Distances that ticks may have. */
export function tickSteps(unit: string): number[] {
  const steps: number[] = [];
  if (isBinary(unit)) {
    for (let power = 0; power <= BINARY_POWERS; power++) {
      steps.push(...BINARY.map((step) => step * 1024 ** power));
    }
    return steps;
  }
  for (let power = -6; power <= POWERS; power++) {
    steps.push(...DECIMAL.map((step) => Number((step * 10 ** power).toPrecision(3))));
  }
  return steps;
}

/** `top`: of the chart, where it is fixed. */
export function valueRange(
  min: number | null,
  max: number | null,
  unit: string,
  top?: number,
): [number, number] {
  const low = Math.min(0, min ?? 0);
  if (top !== undefined && (max ?? 0) <= top) return [low * HEAD, top];
  const least = MIN_TOP[unit] ?? 1;
  return [low * HEAD, Math.max(least, (max ?? 0) * HEAD)];
}
