/** Values with their units as people read them: `1.53 GiB`, `12.4 %`, `3.20 ms`, `4.10 KiB/s`. */

import { unitOfTotal } from "../core/metric_unit.ts";
import { bitsIn, secondsIn } from "../core/units.ts";

interface Scale {
  readonly base: number;
  readonly units: readonly string[];
}

const BYTES: Scale = { base: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] };
const BITS: Scale = { base: 1000, units: ["bit", "kbit", "Mbit", "Gbit", "Tbit", "Pbit"] };
const COUNTS: Scale = { base: 1000, units: ["", "k", "M", "G", "T", "P", "E"] };
/** Hundredths of a second, in which the kernel counts CPU time. */
const CENTISECONDS = "cs";
const TIMES: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
  [1e-3, "ms"],
  [1e-6, "µs"],
];
const DIGITS = 3;
const MAX_SHOWN = 999.5;

/** How values of one unit are written; all ticks of an axis share one multiple. */
interface Writing {
  readonly divisor: number;
  readonly unit: string;
}

export function quantity(value: number, unit: string): string {
  const { divisor, unit: multiple } = writing(Math.abs(value), unit);
  const number = multiple === "%" ? percentage(value) : digits(value / divisor, divisor === 1);
  return multiple === "" ? number : `${number} ${multiple}`;
}

/** The texts of an axis' ticks: one multiple for all, as many digits as their distance needs. */
export function tickTexts(ticks: readonly number[], unit: string): string[] {
  const largest = ticks.reduce((most, tick) => Math.max(most, Math.abs(tick)), 0);
  const { divisor, unit: multiple } = writing(largest, unit);
  const step = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) / divisor : 1;
  const places = Math.min(6, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return ticks.map((tick) => {
    if (tick === 0) return "0";
    const text = (tick / divisor).toFixed(places);
    // A step of 2.5 needs one digit more than its size says.
    const exact = Number(text) * divisor === tick
      ? text
      : String(Number((tick / divisor).toFixed(places + 1)));
    return multiple === "" ? exact : `${exact} ${multiple}`;
  });
}

/** What the multiples of a unit are powers of. */
export function isBinary(unit: string): boolean {
  return sizeOf(unitOfTotal(unit))?.scale === BYTES;
}

function writing(magnitude: number, unit: string): Writing {
  const plain = unitOfTotal(unit);
  const rate = unit.slice(plain.length);
  if (plain === "percent" || plain === "%") return { divisor: 1, unit: `%${rate}` };
  const seconds = plain === CENTISECONDS ? 0.01 : secondsIn(plain);
  if (seconds !== undefined) return timeWriting(magnitude, plain, seconds, rate);
  const size = sizeOf(plain);
  if (size === undefined) return { divisor: 1, unit };
  const { scale: { base, units }, one } = size;
  let power = 0;
  // Three digits are enough for each multiple, also of 1024.
  while (magnitude * one / base ** power >= MAX_SHOWN && power < units.length - 1) power++;
  return { divisor: base ** power / one, unit: units[power] + rate };
}

function timeWriting(magnitude: number, unit: string, one: number, rate: string): Writing {
  // Of a second at most a second can pass, or some in parallel.
  const times = rate === "" ? TIMES : TIMES.filter(([seconds]) => seconds <= 1);
  const found = times.find(([seconds]) => magnitude * one >= seconds) ??
    times.find(([seconds]) => seconds === one) ?? [one, unit] as const;
  return { divisor: found[0] / one, unit: found[1] + rate };
}

/** `one`: how many bytes, bits or plain ones a unit is. */
function sizeOf(unit: string): { readonly scale: Scale; readonly one: number } | undefined {
  if (unit === "") return { scale: COUNTS, one: 1 };
  const name = unit.replace(/^(byte|bit)s$/, "$1");
  const bits = bitsIn(name);
  if (bits === undefined) return undefined;
  const isBytes = /(B|byte)$/.test(name);
  return isBytes ? { scale: BYTES, one: bits / bitsIn("byte")! } : { scale: BITS, one: bits };
}

/** One digit behind the point, so that shares line up; two where there would be only noughts. */
function percentage(value: number): string {
  const magnitude = Math.abs(value);
  return value.toFixed(magnitude > 0 && magnitude < 0.05 ? 2 : 1);
}

/** Three significant digits, so that columns of numbers line up; whole numbers as they are. */
function digits(value: number, isExact: boolean): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 99.95 || (isExact && Number.isInteger(value))) return String(Math.round(value));
  if (magnitude < 0.0005 && value !== 0) return String(Number(value.toPrecision(2)));
  return value.toFixed(magnitude >= 9.995 ? 1 : magnitude >= 0.9995 ? 2 : DIGITS);
}
