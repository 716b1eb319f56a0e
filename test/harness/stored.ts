/** What the agent archived, what a backend stored, and whether they agree point by point. */

import { existsSync, readFileSync } from "node:fs";
import type { Stored } from "./databases.ts";

export interface Point {
  readonly path: string;
  /** Without `servers.web1.` */
  readonly name: string;
  /** As it was written: rounded to the metric's decimals. */
  readonly text: string;
  readonly value: number;
  readonly timestamp: number;
}

/** The points of an archive, so far. */
export function archived(file: string): Point[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    const [path, text, timestamp] = line.split(" ");
    const name = path.replace("servers.web1.", "");
    return { path, name, text, value: Number(text), timestamp: Number(timestamp) };
  });
}

/** Whether a value is the one that was archived, but for the archive's rounding. */
export function isNear(found: number | undefined, { text, value }: Point): boolean {
  const decimals = text.split(".")[1]?.length ?? 0;
  return found !== undefined && Math.abs(found - value) <= 0.5000001 * 10 ** -decimals;
}

export interface Comparison {
  readonly backend: string;
  /** Points that the backend was to have. */
  readonly sent: number;
  readonly equal: number;
  /** What the backend has beyond them. */
  readonly extra: number;
  /** The first that is missing or differs. */
  readonly example?: string;
}

/**
 * `keyOf`: the name by which the backend has a point, undefined for points that it is not sent.
 * `same`: whether the stored value is the right one, by default where it is near.
 */
export function compare(
  backend: string,
  points: readonly Point[],
  stored: Stored,
  keyOf: (point: Point) => string | undefined,
  same: (found: number | undefined, point: Point, key: string) => boolean = isNear,
): Comparison {
  let [sent, equal] = [0, 0];
  let example: string | undefined;
  const seen = new Set<string>();
  for (const point of points) {
    const key = keyOf(point);
    if (key === undefined) continue;
    sent++;
    seen.add(`${key} ${point.timestamp}`);
    const found = stored.get(key)?.get(point.timestamp);
    if (same(found, point, key)) equal++;
    else example ??= `${point.path} ${point.text} ${point.timestamp}: ${key} is ${found}`;
  }
  let extra = 0;
  for (const [key, values] of stored) {
    for (const timestamp of values.keys()) if (!seen.has(`${key} ${timestamp}`)) extra++;
  }
  return { backend, sent, equal, extra, example };
}

export function table(rows: readonly Comparison[]): string {
  const lines = rows.map(({ backend, sent, equal, extra, example }) =>
    `${backend.padEnd(58)} ${`${sent}`.padStart(7)} ${`${equal}`.padStart(10)} ${
      `${extra}`.padStart(5)
    }${example === undefined ? "" : `  ${example}`}`
  );
  return `${"handler → server".padEnd(58)}    sent  read back  else\n${lines.join("\n")}`;
}
