/** Computes the growth and the rates of cumulative values. */

import { MAX_COUNTER } from "./collector.ts";

/**
 * How a rate is computed. `measured` divides by the time that really passed; the first sample, and the one
 * after a reset, publish nothing. `diamond` keeps the original's arithmetic: the configured interval, a
 * first 0, and negative results clamped to 0.
 */
export type RateMode = "measured" | "diamond";

const WRAP_32 = 2 ** 32;
const HALF_32 = WRAP_32 / 2;
const EDGE_32 = WRAP_32 / 4;

export interface Sample {
  value: number | bigint;
  /** Monotonic milliseconds. */
  at: number;
}

/** A tiny negative step is a counter that is corrected, not one that wrapped: Linux's iowait does so. */
export function growth(
  previous: number | bigint,
  value: number | bigint,
  max: number,
  mode: RateMode,
): number | undefined {
  const step = difference(value, previous);
  if (step >= 0) return step;
  if (mode === "diamond") {
    if (max === 0 || max >= MAX_COUNTER) return 0;
    return Math.max(0, step + max);
  }
  const [from, to] = [Number(previous), Number(value)];
  const isUnsigned = from < WRAP_32 && from >= WRAP_32 - EDGE_32 && to < EDGE_32;
  const isSigned = from < HALF_32 && from >= HALF_32 - EDGE_32 && to < EDGE_32 - HALF_32;
  return isUnsigned && to >= 0 || isSigned && to >= -HALF_32 ? step + WRAP_32 : undefined;
}

function difference(a: number | bigint, b: number | bigint): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return Number(toBigInt(a) - toBigInt(b));
}

function toBigInt(value: number | bigint): bigint {
  return typeof value === "bigint" ? value : BigInt(Math.trunc(value));
}
