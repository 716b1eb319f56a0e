/**
 * The points of a frame of carbon's pickle protocol: `[(path, (time, value)), ...]`.
 * Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html#the-pickle-protocol
 */

import { isSentPath, type SentPoint } from "./graphite_points.ts";
import { type Pickled, unpickle } from "./unpickle.ts";

/** Characters of a number: a memoized text costs a frame two bytes wherever it stands. */
const MAX_NUMBER = 100;

/** Undefined where the frame cannot be read, and for each entry that is not a point. */
export function pickledPoints(frame: Uint8Array): readonly (SentPoint | undefined)[] | undefined {
  const list = unpickle(frame);
  return Array.isArray(list) ? (list as Pickled[]).map(pointOf) : undefined;
}

function pointOf(entry: Pickled): SentPoint | undefined {
  if (!Array.isArray(entry) || entry.length !== 2) return undefined;
  const [path, sample] = entry as Pickled[];
  if (typeof path !== "string" || !isSentPath(path)) return undefined;
  if (!Array.isArray(sample) || sample.length !== 2) return undefined;
  const [time, value] = (sample as Pickled[]).map(numberOf);
  if (!Number.isFinite(value) || !(time >= 0 || time === -1)) return undefined;
  return { path, value, time: time === -1 ? undefined : Math.floor(time) };
}

/** Carbon reads texts as numbers too. */
function numberOf(value: Pickled): number {
  if (typeof value === "number") return value;
  const isText = typeof value === "string" && value.length <= MAX_NUMBER && value.trim() !== "";
  return isText ? Number(value) : NaN;
}
