/**
 * Units of sizes and of times, by Diamond's names. Every multiple of a size is 1024-based, for bits
 * as for bytes, and the names are case-sensitive: `Mbit`, `MB`, `megabyte`. Names of times are not.
 */

import { configError } from "./errors.ts";

const MULTIPLES = ["kilo", "mega", "giga", "tera", "peta", "exa", "zetta", "yotta"];
const BITS_PER_BYTE = 8;

const bitsPerUnit = new Map<string, number>([
  ["", 1],
  ["bit", 1],
  ["b", 1],
  ["byte", BITS_PER_BYTE],
  ["B", BITS_PER_BYTE],
]);
for (const [index, multiple] of MULTIPLES.entries()) {
  const factor = 1024 ** (index + 1);
  const letter = multiple === "kilo" ? "k" : multiple[0].toUpperCase();
  const binary = multiple[0].toUpperCase() + "i";
  for (const name of [`${multiple}bit`, `${letter}bit`, `${binary}bit`]) {
    bitsPerUnit.set(name, factor);
  }
  for (const name of [`${multiple}byte`, `${letter}B`, `${binary}B`]) {
    bitsPerUnit.set(name, factor * BITS_PER_BYTE);
  }
}
bitsPerUnit.set("Mbyte", 1024 ** 2 * BITS_PER_BYTE);

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const times: readonly (readonly [number, ...string[]])[] = [
  [1, "", "ms", "millisecond", "milliseconds"],
  [SECOND, "s", "second", "seconds"],
  [60 * SECOND, "m", "minute", "minutes"],
  [3600 * SECOND, "h", "hour", "hours"],
  [DAY, "d", "day", "days"],
  [365 * DAY, "y", "year", "years"],
  [1e-3, "us", "microsecond", "microseconds"],
  [1e-6, "ns", "nanosecond", "nanoseconds"],
];
const millisecondsPerUnit = new Map(
  times.flatMap(([length, ...names]) => names.map((name) => [name, length] as const)),
);

/** The names that `byte_unit` takes. */
export const byteUnitNames: readonly string[] = [...bitsPerUnit.keys()].filter((name) =>
  name !== ""
);

/** How many `to` one `from` is: `byteFactor("byte", "bit")` is 8. Throws `config` on an unknown name. */
export function byteFactor(from: string, to: string): number {
  return unit(bitsPerUnit, from, "size") / unit(bitsPerUnit, to, "size");
}

/** `value` of the one unit of time in the other; a year has 365 days. Throws `config` on an unknown name. */
export function convertTime(value: number, from: string, to: string): number {
  const milliseconds = value * unit(millisecondsPerUnit, from.toLowerCase(), "time");
  return milliseconds / unit(millisecondsPerUnit, to.toLowerCase(), "time");
}

function unit(table: ReadonlyMap<string, number>, name: string, what: string): number {
  const found = table.get(name);
  if (found !== undefined) return found;
  throw configError(
    `"${name}" is not a unit of ${what}: use one such as ${
      [...table.keys()].slice(1, 9).join(", ")
    }`,
  );
}

/** Undefined for what is not a unit of size. */
export function bitsIn(name: string): number | undefined {
  return name === "" ? undefined : bitsPerUnit.get(name);
}

/** Undefined for what is not a unit of time. */
export function secondsIn(name: string): number | undefined {
  const milliseconds = name === "" ? undefined : millisecondsPerUnit.get(name);
  return milliseconds === undefined ? undefined : milliseconds / SECOND;
}

/** Bytes for messages: `12 MB`. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MB`;
}
