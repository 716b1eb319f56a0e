/** The unit of what a metric publishes: for a rate, of its growth per second. */

import { compileGlob, type Matcher } from "./glob.ts";
import { wordsOf } from "./words.ts";

/**
 * `byte`, `ms`, `percent`, `byte/s`. `{unit}` in it stands for that part of the name. Where the fields of one pattern
 * have several units: their names by unit, in a text; `*` in a name stands for any characters, and a unit without
 * names is one that `emit` says.
 */
export type MetricUnit = string | Readonly<Record<string, string>>;

/** `labels`: the parts of a name, in their order. */
export function unitOfSeries(unit: MetricUnit, labels: Readonly<Record<string, string>>): string {
  if (typeof unit === "string") return unit.replace(/\{(\w+)\}/g, (_, part) => labels[part] ?? "");
  const field = Object.values(labels).at(-1) ?? "";
  return matchersOf(unit).find(([, names]) => names.some((isIt) => isIt(field)))?.[0] ?? "";
}

type Matchers = readonly (readonly [unit: string, names: readonly Matcher[]])[];

/** One of these is asked for each series, of which a host may have thousands. */
const known = new WeakMap<object, Matchers>();

function matchersOf(table: Readonly<Record<string, string>>): Matchers {
  const there = known.get(table);
  if (there !== undefined) return there;
  const made = Object.entries(table).map(([unit, names]) =>
    [unit, names === "" ? [] : wordsOf(names).map(compileGlob)] as const
  );
  known.set(table, made);
  return made;
}

/** `byte, ms`: for who reads the declaration. */
export function unitText(unit: MetricUnit): string {
  return typeof unit === "string" ? unit : Object.keys(unit).join(", ");
}

/** Of the counter whose growth per second has this unit. */
export function unitOfTotal(unit: string): string {
  return unit.replace(/\/s$/, "");
}
