/**
 * When a log or an archive is put aside, and what the old file is called: the rules of Python's
 * TimedRotatingFileHandler, which Diamond's `when` options come from.
 * Source: https://docs.python.org/3/library/logging.handlers.html#timedrotatingfilehandler
 */

import { configError } from "../core/errors.ts";
import { clockOf, strftime, type Zone } from "./strftime.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 86_400 * SECOND;

interface Period {
  readonly length: number;
  readonly suffix: string;
}

const PERIODS: Readonly<Record<string, Period>> = {
  S: { length: SECOND, suffix: "%Y-%m-%d_%H-%M-%S" },
  M: { length: MINUTE, suffix: "%Y-%m-%d_%H-%M" },
  H: { length: 3600 * SECOND, suffix: "%Y-%m-%d_%H" },
  D: { length: DAY, suffix: "%Y-%m-%d" },
  MIDNIGHT: { length: DAY, suffix: "%Y-%m-%d" },
};

export const rotationWords = [
  "S",
  "M",
  "H",
  "D",
  "MIDNIGHT",
  "W0",
  "W1",
  "W2",
  "W3",
  "W4",
  "W5",
  "W6",
  "SIZE",
  "NEVER",
] as const;

/** Milliseconds of the next rotation after `from`; Infinity where time does not rotate. */
export function nextRotation(when: string, interval: number, from: number, zone: Zone): number {
  const word = when.toUpperCase();
  if (word === "NEVER" || word === "SIZE") return Infinity;
  if (word === "MIDNIGHT") return midnightAfter(from, 1, zone);
  if (/^W[0-6]$/.test(word)) {
    // Monday is 0 here and 1 in JavaScript; the file ends with its weekday.
    const target = (Number(word[1]) + 1) % 7;
    const today = clockOf(from, zone).getUTCDay();
    return midnightAfter(from, ((target - today + 7) % 7) + 1, zone);
  }
  return from + periodOf(word).length * interval;
}

function midnightAfter(from: number, days: number, zone: Zone): number {
  const today = clockOf(from, zone);
  const shown = Date.UTC(
    today.getUTCFullYear(),
    today.getUTCMonth(),
    today.getUTCDate() + days,
  );
  // Clocks may be set until then, and even at midnight: what they are ahead by then is what counts.
  let time = from;
  for (let look = 0; look < 3; look++) time = shown - zone(time) * MINUTE;
  return time;
}

/** The name's end for the period that ends at `end`: it names the period's start. */
export function rotatedSuffix(when: string, interval: number, end: number, zone: Zone): string {
  const word = when.toUpperCase();
  if (/^W[0-6]$/.test(word)) return strftime("%Y-%m-%d", new Date(end - 7 * DAY), zone);
  const { length, suffix } = periodOf(word);
  // Half a day before midnight is in the day that ended, also when the clocks were set.
  const back = word === "MIDNIGHT" ? length / 2 : length * interval;
  return strftime(suffix, new Date(end - back), zone);
}

/** What the ends of rotated names look like, to find old files. */
export function rotatedPattern(when: string): RegExp {
  const word = when.toUpperCase();
  if (word === "SIZE" || word === "NEVER") return /^\.\d+(\.gz)?$/;
  const suffix = /^W[0-6]$/.test(word) ? "%Y-%m-%d" : periodOf(word).suffix;
  const form = suffix.replace("%Y", "\\d{4}").replace(/%[a-zA-Z]/g, "\\d{2}");
  // A number follows the suffix if the file also exceeded its size within the period.
  return new RegExp(`^\\.${form}(\\.\\d+)?(\\.gz)?$`);
}

function periodOf(word: string): Period {
  const period = PERIODS[word];
  if (period === undefined) {
    throw configError(`"${word}" is no time of rotation: use one of ${rotationWords.join(", ")}`);
  }
  return period;
}
