/** The last values of counters, as they are saved for the next process. */

import type { SavedSample, SavedSamples } from "./emitter_types.ts";
import type { Sample } from "./rates.ts";

/** `offset` (ms) is added to the time. */
export function savedOf(key: string, { value, at }: Sample, offset: number): SavedSample {
  return [key, typeof value === "bigint" ? `${value}` : value, Math.round(at + offset)];
}

export function samplesOf(
  saved: SavedSamples["series"],
  offset: number,
): Map<string, Sample> {
  return new Map(
    saved.map(([key, value, at]) => [
      key,
      { value: typeof value === "string" ? BigInt(value) : value, at: at - offset },
    ]),
  );
}
