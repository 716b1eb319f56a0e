/**
 * Whether the values of two agents can be of one thing. Two that measured at the same time are held close to each
 * other; of two that did not, what follows the load may be anything, and what stands still must be the same.
 */

import type { MetricSpec } from "../core/collector.ts";
import type { Observed } from "./observed.ts";

interface Traits {
  readonly form: MetricSpec["form"];
  readonly unit: string;
  /** Processors: percents of CPU time go up to a hundred for each. */
  readonly cpus: number;
  readonly isSameTime: boolean;
  /** The last part of the name. */
  readonly name: string;
  /** The largest value of the same unit that its collector has: next to it, what is small may come and go. */
  readonly scale: number;
}

/** What stands still may have drifted by that part, by that much, or by that part of its collector's largest value. */
const DRIFT = 0.1;
const SLACK = 10;
const SMALL = 0.05;
/** Names of what does not follow the load. */
const CAPACITY = /total|limit|max|size|capacity|count/i;
/** What has stood still while it was looked at, and is not a capacity, may have moved by this factor since. */
const MOVED = 3;
/** A series that moves by less than this part of itself is steady. */
const STEADY = 0.1;
/** How far apart steady series, and the same ones at one time, may be. */
const FAR = 10;
const NEAR = 2;
/** Below this nothing and something may be the same thing. */
const MUCH = 1000;

/** Why they cannot; undefined where they can. */
export function valueFault(old: Observed, ours: Observed, traits: Traits): string | undefined {
  if (old.count === 0 || ours.count === 0) return undefined;
  const { form, unit, cpus } = traits;
  if (unit === "percent" && Math.max(old.max, ours.max) > 110 * Math.max(cpus, 1)) {
    return `more than 100 percent for each of ${cpus} CPUs`;
  }
  const isRate = form !== "gauge";
  if (isRate && (old.min < 0 || ours.min < 0)) return "a rate below zero";
  const [a, b] = [old.sum / old.count, ours.sum / ours.count];
  const gap = Math.abs(a - b);
  const larger = Math.max(Math.abs(a), Math.abs(b));
  const smaller = Math.min(Math.abs(a), Math.abs(b));
  const isCapacity = CAPACITY.test(traits.name);
  const small = isCapacity ? 0 : SMALL * traits.scale;
  if (gap <= Math.max(DRIFT * larger, SLACK, small)) return undefined;
  if (smaller === 0 && larger < MUCH) return undefined;
  if (isConstant(old) && isConstant(ours)) {
    const hasMoved = (isRate && smaller === 0) ||
      (!isCapacity && larger < MOVED * smaller);
    return hasMoved ? undefined : "both stand still, at other values";
  }
  if (isSteady(old) && isSteady(ours)) {
    const bound = traits.isSameTime ? NEAR : FAR;
    return larger > bound * smaller
      ? `both are steady, a factor of ${factor(larger, smaller)} apart`
      : undefined;
  }
  if (!traits.isSameTime || overlap(old, ours)) return undefined;
  return larger > NEAR * smaller
    ? `a factor of ${factor(larger, smaller)} apart, at the same time`
    : undefined;
}

function isConstant({ min, max, count }: Observed): boolean {
  return min === max && count > 0;
}

function isSteady({ min, max }: Observed): boolean {
  return max - min <= STEADY * Math.max(Math.abs(min), Math.abs(max));
}

function overlap(a: Observed, b: Observed): boolean {
  return a.min <= b.max && b.min <= a.max;
}

function factor(larger: number, smaller: number): string {
  return smaller === 0 ? "any" : String(Number((larger / smaller).toPrecision(2)));
}
