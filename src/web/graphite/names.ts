/** Names of series: those that functions give, and the parts of paths. */

import type { RenderSeries } from "./series.ts";

/** A number with six digits at most, as C's `%g` writes it. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const [digits, exponent] = value.toExponential(5).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(Number(value.toPrecision(6)));
  return `${Number(digits)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** A series that a function has made of another one. */
export function renamed(series: RenderSeries, name: string): RenderSeries {
  return { ...series, name, expression: name };
}

/** What combined series are called after: each expression once. */
export function expressionsOf(list: readonly RenderSeries[]): string {
  return [...new Set(list.map(({ expression }) => expression))].join(",");
}

/** Some nodes of the path that a series comes from; a negative number counts from the end. */
export function nodesOf({ name }: RenderSeries, places: readonly number[]): string {
  const nodes = pathIn(name).split(".");
  return places.map((place) => nodes.at(place) ?? "").join(".");
}

/** The first path in a name such as `scale(a.b,2)`. */
export function pathIn(name: string): string {
  if (!name.endsWith(")")) return name;
  return name.replace(/^(?:\w+\()+/, "").replace(/[,)].*$/s, "");
}
