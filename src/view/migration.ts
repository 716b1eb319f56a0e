/** Two agents' series beside each other: which names are the same, gone and new, and which values contradict. */

import type { MetricSpec } from "../core/collector.ts";
import { valueFault } from "./compare_values.ts";
import { type Difference, differences } from "./differences.ts";
import { alike } from "./likeness.ts";
import type { Observations, Observed } from "./observed.ts";

export interface OurSeries {
  readonly path: string;
  /** The collector's class. */
  readonly className: string;
  readonly name: string;
  readonly form: MetricSpec["form"];
  readonly unit: string;
  readonly allowed: boolean;
  /** Absent: it has had no value in the time that was looked at. */
  readonly observed?: Observed;
}

export interface Finding {
  readonly side: "gone" | "new" | "value";
  readonly path: string;
  /** The matter in the table of differences; absent: nothing explains it. */
  readonly rule?: string;
  readonly why: string;
  readonly old?: Observed;
  readonly ours?: Observed;
}

export interface Comparison {
  readonly same: number;
  /** Of these, with values on both sides. */
  readonly compared: number;
  readonly findings: readonly Finding[];
  /** Of the old ones, how many are of other hosts or prefixes, and were left aside. */
  readonly foreign: number;
  readonly prefix?: { readonly old: string; readonly ours: string };
}

interface Sides {
  readonly old: Observations;
  readonly ours: readonly OurSeries[];
  /** What our paths begin with, but for the collector's component: `servers.web1`. */
  readonly begins: readonly string[];
  readonly cpus: number;
  readonly isSameTime: boolean;
  /** Why the collector of a path does not run here, in words. */
  whyNot(path: string): string | undefined;
  /** The class of the collector that a path is of by its components, and the rest of the path. */
  collectorOf(path: string): { readonly className: string; readonly name: string } | undefined;
}

export function compare(sides: Sides): Comparison {
  const ours = new Map(sides.ours.map((series) => [series.path, series]));
  const prefix = otherPrefix(sides, ours);
  const renamed = (path: string) =>
    prefix !== undefined && path.startsWith(`${prefix.old}.`)
      ? prefix.ours + path.slice(prefix.old.length)
      : path;
  const byOurName = new Map<string, Observed>();
  let foreign = 0;
  for (const path of sides.old.paths) {
    const name = clean(renamed(path));
    const isOurs = sides.begins.length === 0 || ours.has(name) ||
      sides.begins.some((begin) => name.startsWith(`${begin}.`));
    if (isOurs) byOurName.set(name, sides.old.of(path)!);
    else foreign++;
  }
  const common = [...byOurName.keys()].filter((path) => ours.get(path)?.allowed);
  const scales = scalesOf(sides.ours);
  const values = common.flatMap((path) => {
    const series = ours.get(path)!;
    return valueFinding(byOurName.get(path)!, series, scales.get(family(series)) ?? 0, sides);
  });
  return {
    same: common.length,
    compared: common.filter((path) => ours.get(path)!.observed !== undefined).length,
    findings: [...goneOnes(byOurName, ours, sides), ...newOnes(byOurName, ours, sides), ...values],
    foreign,
    prefix,
  };
}

/** As a Graphite path of ours: python-diamond let blanks pass. */
function clean(path: string): string {
  return path.replace(/\s/g, "_");
}

/** A value that is more than this times the next one is not a measure: the kernel's address space has 32 TB. */
const ALONE = 100;

/** The largest value of each family of gauges: of one unit, side by side. */
function scalesOf(ours: readonly OurSeries[]): ReadonlyMap<string, number> {
  const gauges = ours.filter(({ observed, form, unit }) =>
    observed !== undefined && form === "gauge" && unit !== ""
  );
  const scales = new Map<string, number>();
  for (const [key, members] of Map.groupBy(gauges, family)) {
    const sizes = members.map(({ observed }) => Math.abs(observed!.max)).sort((a, b) => b - a);
    const scale = sizes.find((size, at) => size <= ALONE * (sizes[at + 1] ?? size));
    scales.set(key, scale ?? 0);
  }
  return scales;
}

function family({ path, form, unit }: OurSeries): string {
  return `${path.slice(0, path.lastIndexOf("."))} ${form} ${unit}`;
}

function valueFinding(old: Observed, series: OurSeries, scale: number, sides: Sides): Finding[] {
  const { path, observed, form, unit } = series;
  if (observed === undefined) return [];
  const { cpus, isSameTime } = sides;
  const why = valueFault(old, observed, {
    form,
    unit,
    cpus,
    isSameTime,
    scale,
    name: path.split(".").at(-1)!,
  });
  return why === undefined ? [] : [{ side: "value", path, why, old, ours: observed }];
}

function goneOnes(
  old: ReadonlyMap<string, Observed>,
  ours: ReadonlyMap<string, OurSeries>,
  sides: Sides,
): Finding[] {
  const fresh = [...ours.keys()].filter((path) => !old.has(path));
  return [...old].filter(([path]) => ours.get(path)?.allowed !== true).map(([path, observed]) => {
    const { className = "", name = path } = sides.collectorOf(path) ?? {};
    const rule = ruleFor({ side: "gone", path, name, section: className, isOnlyOurs: false });
    const why = rule?.here ?? reasonOf(path, ours.get(path), fresh, sides);
    return { side: "gone", path, rule: rule?.matter, why, old: observed };
  });
}

function reasonOf(
  path: string,
  known: OurSeries | undefined,
  fresh: readonly string[],
  { whyNot }: Sides,
): string {
  if (known !== undefined) return "a filter of this configuration keeps it back";
  const near = alike(path, fresh)[0];
  return whyNot(path) ??
    (near === undefined
      ? "no collector here made it in this time"
      : `no collector here made it in this time; perhaps it is ${near} now`);
}

function newOnes(
  old: ReadonlyMap<string, Observed>,
  ours: ReadonlyMap<string, OurSeries>,
  { collectorOf }: Sides,
): Finding[] {
  const hadBefore = new Set([...old.keys()].map((path) => collectorOf(path)?.className));
  const fresh = [...ours.values()].filter(({ path, allowed, observed }) =>
    allowed && observed !== undefined && !old.has(path)
  );
  return fresh.map(({ path, name, className, observed }) => {
    const isOnlyOurs = !hadBefore.has(className);
    const rule = ruleFor({ side: "new", path, name, section: className, isOnlyOurs });
    const why = rule?.here ??
      (isOnlyOurs
        ? `the old agent published nothing of ${className}`
        : "the old agent did not publish it");
    return { side: "new", path, rule: rule?.matter, why, ours: observed };
  });
}

function ruleFor(name: Parameters<NonNullable<Difference["explains"]>>[0]): Difference | undefined {
  return differences.find(({ explains }) => explains?.(name));
}

/** Fewer names than this part in common: the hosts' names or prefixes are not the same. */
const MIN_COMMON = 0.2;

/** What the old paths begin with where ours begin otherwise; undefined where they begin alike. */
function otherPrefix(
  { old, ours: all, begins }: Sides,
  ours: ReadonlyMap<string, OurSeries>,
): { readonly old: string; readonly ours: string } | undefined {
  const common = [...old.paths].filter((path) => ours.has(path)).length;
  if (common > MIN_COMMON * Math.min(old.size, all.length) || begins.length === 0) return undefined;
  const tails = new Set(
    all.flatMap(({ path }) => {
      const begin = begins.find((one) => path.startsWith(`${one}.`));
      return begin === undefined ? [] : [path.slice(begin.length + 1)];
    }),
  );
  const votes = new Map<string, number>();
  for (const path of old.paths) {
    const parts = path.split(".");
    for (let at = 1; at < parts.length - 1; at++) {
      if (!tails.has(parts.slice(at).join("."))) continue;
      const begin = parts.slice(0, at).join(".");
      votes.set(begin, (votes.get(begin) ?? 0) + 1);
      break;
    }
  }
  const [best] = [...votes].sort((a, b) => b[1] - a[1]);
  return best === undefined || best[1] <= common ? undefined : { old: best[0], ours: begins[0] };
}
