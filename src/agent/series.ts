/** The series of an agent and a value of each: now from its collectors, at a time in the past from its history. */

import { configError, messageOf } from "../core/errors.ts";
import { compileSearch } from "../core/search.ts";
import type { History } from "../ports/history.ts";
import { historyOf } from "./range.ts";
import type { CollectorRunner } from "./runner_contract.ts";

export interface SeriesQuery {
  /** See `core/search.ts`; absent: all. */
  readonly match?: string;
  /** These alone. */
  readonly paths?: readonly string[];
  readonly limit?: number;
  /** Seconds since the epoch; absent: now. */
  readonly at?: number;
}

export interface SeriesAnswer {
  /** How many match. */
  readonly total: number;
  /** Sorted by path, at most `limit`. */
  readonly series: readonly SeriesValue[];
}

interface SeriesValue {
  readonly path: string;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly time: number;
  readonly unit: string;
  /** The name of its section; empty where it has gone since then. */
  readonly collector: string;
}

/** How far back a value of the past is looked for, at first and then, and in how many steps. */
const PAST_SECONDS = [60, 600];
const PAST_STEPS = 60;
const MAX_SERIES = 5000;

/** Throws `config` where the search is too large, or nothing is known of the past. */
export function findSeries(
  runners: readonly CollectorRunner[],
  history: History | undefined,
  { match = "", paths, limit = MAX_SERIES, at }: SeriesQuery,
): SeriesAnswer {
  const search = searchFor(match);
  const wanted = paths && new Set(paths);
  const matches = (path: string) => search(path) && (wanted === undefined || wanted.has(path));
  const most = Math.min(Math.max(0, limit), MAX_SERIES);
  const found = currentSeries(runners, matches);
  if (at === undefined) {
    return { total: found.length, series: found.sort(byPath).slice(0, most) };
  }
  const past = historyOf(history);
  const known = [...past.paths()].filter(matches).sort();
  const current = new Map(found.map((one) => [one.path, one]));
  const series = [...valuesAt(past, known.slice(0, most), at)].map(([path, { value, time }]) => {
    const { unit = "", collector = "" } = current.get(path) ?? {};
    return { path, value, time, unit, collector };
  });
  return { total: known.length, series: series.sort(byPath) };
}

/** Throws `config` where it is too large to be meant. */
export function searchFor(text: string): (path: string) => boolean {
  try {
    return compileSearch(String(text));
  } catch (error) {
    throw configError(`cannot search for this: ${messageOf(error)}`);
  }
}

/** The last value of each path at a time, as exactly as it is near. */
function valuesAt(past: History, paths: readonly string[], at: number) {
  const found = new Map<string, { readonly value: number; readonly time: number }>();
  for (const seconds of PAST_SECONDS) {
    const missing = paths.filter((path) => !found.has(path));
    if (missing.length === 0) break;
    const range = { from: at - seconds, to: at, maxPoints: PAST_STEPS };
    const { start, step, series } = past.read({ paths: missing, ...range });
    for (const { path, mean } of series) {
      const last = mean.findLastIndex((value) => !Number.isNaN(value));
      if (last < 0) continue;
      found.set(path, { value: mean[last], time: Math.min(at, start + last * step) });
    }
  }
  return found;
}

function currentSeries(
  runners: readonly CollectorRunner[],
  matches: (path: string) => boolean,
): SeriesValue[] {
  const found: SeriesValue[] = [];
  for (const runner of runners) {
    const collector = runner.name;
    for (const { series: { path, precision, unit }, last } of runner.emitted()) {
      if (last === undefined || !matches(path)) continue;
      // With the decimals that handlers write.
      const value = Number(last.value.toFixed(precision));
      found.push({ path, value, time: last.time, unit, collector });
    }
  }
  return found;
}

function byPath(a: SeriesValue, b: SeriesValue): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
