/**
 * A batch that the backend refuses for good is taken apart, level by level, until what is left is the
 * points that are at fault; all others are delivered.
 */

import { codeOf, type Failure } from "../core/errors.ts";
import type { Metric } from "../core/metric.ts";

export interface Outcome {
  readonly delivered: number;
  /** Points that the backend will never take. */
  readonly refused: readonly Metric[];
  /** Why the first of them was refused. */
  readonly reason: unknown;
  /** What could not be delivered now. */
  readonly rest: readonly Metric[];
  /** Why; undefined where there is no rest. */
  readonly error: unknown;
}

/** Parts that are refused, and none taken, until it is the backend that seems to be at fault. */
const SUSPICIOUS = 64;

export interface PartsSettings {
  /** Points in one write. */
  readonly largest: number;
  /** Where the backend refuses everything, give up for now; otherwise down to single points. */
  readonly patient: boolean;
}

/** Writes a batch, in parts where it is larger than one write, or where the backend refuses it. */
export async function writeParts(
  batch: readonly Metric[],
  { largest, patient }: PartsSettings,
  write: (part: readonly Metric[]) => Promise<void>,
): Promise<Outcome> {
  const parts: (readonly Metric[])[] = batch.length <= largest ? [batch] : [];
  if (parts.length === 0) {
    for (let at = 0; at < batch.length; at += largest) parts.push(batch.slice(at, at + largest));
  }
  const bad: Metric[] = [];
  let delivered = 0;
  let reason: unknown;
  while (parts.length > 0) {
    const part = parts[0];
    try {
      await write(part);
      delivered += part.length;
      parts.shift();
    } catch (error) {
      if (codeOf(error) !== "refused") {
        return { delivered, refused: bad, reason, rest: parts.flat(), error };
      }
      reason ??= error;
      parts.shift();
      const named = (error as Failure).points as readonly Metric[] | undefined;
      if (named !== undefined && named.length > 0) {
        delivered += part.length - named.length;
        bad.push(...named);
        continue;
      }
      if (part.length === 1) bad.push(part[0]);
      else parts.push(part.slice(0, part.length >> 1), part.slice(part.length >> 1));
      const everything = delivered === 0 && batch.length > 1 &&
        (parts.length >= SUSPICIOUS || bad.length === batch.length);
      if (everything && patient) {
        return { delivered, refused: [], reason, rest: batch, error };
      }
    }
  }
  return { delivered, refused: bad, reason, rest: [], error: undefined };
}
