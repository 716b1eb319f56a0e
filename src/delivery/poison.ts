/**
 * A batch that the backend refuses for good is taken apart, level by level, until what is left is the
 * points that are at fault; all others are delivered.
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
  if (batch.length > settings.largest) return writeEach(batch, settings, write);
  let begun: void | Promise<void>;
  try {
    begun = write(batch);
  } catch (error) {
    begun = Promise.reject(error);
  }
  if (begun === undefined) return { ...NOTHING, delivered: batch.length };
  return writeEach(batch, settings, (part) => {
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

async function writeEach(
  batch: readonly Metric[],
  { largest, patient }: PartsSettings,
  write: Write,
): Promise<Outcome> {
  const parts: (readonly Metric[])[] = batch.length <= largest ? [batch] : [];
  if (parts.length === 0) {
    for (let at = 0; at < batch.length; at += largest) parts.push(batch.slice(at, at + largest));
  }
  let bad = 0;
  let example: Metric | undefined;
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
        return { delivered, refused: bad, example, reason, rest: parts.flat(), error };
      }
      reason ??= error;
      parts.shift();
      const told = (error as Failure).points as readonly Metric[] | number | undefined;
      const count = Math.min(typeof told === "number" ? told : told?.length ?? 0, part.length);
      if (count > 0) {
        delivered += part.length - count;
        bad += count;
        if (typeof told !== "number") example ??= told?.[0];
        continue;
      }
      if (part.length === 1) {
        bad++;
        example ??= part[0];
      } else parts.push(part.slice(0, part.length >> 1), part.slice(part.length >> 1));
      const everything = delivered === 0 && batch.length > 1 &&
        (parts.length >= SUSPICIOUS || bad === batch.length);
      if (everything && patient) {
        return { delivered, refused: 0, example: undefined, reason, rest: batch, error };
      }
    }
  }
  return { delivered, refused: bad, example, reason, rest: [], error: undefined };
}
