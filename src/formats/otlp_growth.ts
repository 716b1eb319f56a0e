/** What the values of a point are published as: as they stand, or their growth per second. */

import type { OtlpPoint } from "./otlp_points.ts";

/** What a series had before. */
export interface LastPoint {
  start: bigint;
  time: bigint;
  /** What its values stood at, by their parts. */
  stands: ReadonlyMap<string, number | bigint>;
}

export interface GrowthSettings {
  readonly opened: bigint;
  readonly interval: number;
  readonly isRaw: boolean;
}

const NANOSECONDS = 1e9;

/**
 * Hands the published values to `publish`, and keeps what they stand at in `last`. `opened`: a series that is new
 * and began after that is known from its start on, which programs set at its first value: its growth is spread over
 * `interval` seconds at least. `isRaw`: what grows is published as it came.
 */
export function publishPoint(
  point: OtlpPoint,
  last: LastPoint,
  { opened, interval, isRaw }: GrowthSettings,
  publish: (part: string, value: number) => void,
): void {
  const { time, values, isDelta } = point;
  const { stands } = last;
  // Made again, so that parts that are gone leave it.
  const next = new Map<string, number | bigint>();
  last.stands = next;
  const since = sinceOf(point, last, opened);
  const isNew = isReset(point, last);
  const passed = since === 0n ? 0 : Number(time - since) / NANOSECONDS;
  const seconds = isNew && passed > 0 ? Math.max(passed, interval) : passed;
  const isFromStart = !isDelta && isNew;
  let count: number | undefined;
  for (const { part, value, role } of values) {
    const before = isFromStart ? (seconds > 0 ? 0 : undefined) : stands.get(part);
    if (role === "stands") {
      publish(part, Number(value));
      continue;
    }
    if (role === "adds") {
      const sum = Number(stands.get(part) ?? 0) + Number(value);
      next.set(part, sum);
      publish(part, sum);
      continue;
    }
    const growth = isDelta ? Number(value) : growthOf(before, value);
    next.set(part, value);
    if (isRaw) publish(part, Number(value));
    else if (growth !== undefined && seconds > 0) publish(part, growth / seconds);
    if (part === "count") count = growth;
    if (part === "sum" && count && growth !== undefined) publish("mean", growth / count);
  }
}

/** When the growth of a point begins; 0: not known. */
function sinceOf(point: OtlpPoint, last: LastPoint, opened: bigint): bigint {
  const { start, isDelta } = point;
  if (isDelta) return start || last.time;
  if (!isReset(point, last)) return last.time;
  return start >= (last.time || opened) ? start : 0n;
}

/** It is the first of its series, or its program counts from 0 again. */
function isReset({ start, isDelta }: OtlpPoint, last: LastPoint): boolean {
  return last.time === 0n || (!isDelta && start > last.start);
}

/** Undefined where it is not known, or the value went back without a new start. */
function growthOf(before: number | bigint | undefined, value: number | bigint): number | undefined {
  if (before === undefined) return undefined;
  const growth = typeof before === "number" && typeof value === "number"
    ? value - before
    : Number(BigInt(value) - BigInt(before));
  return growth < 0 ? undefined : growth;
}
