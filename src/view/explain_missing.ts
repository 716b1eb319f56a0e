/** A path that no collector makes: which one would, and what keeps it from it. */

import type { CollectorFact } from "../agent/facts.ts";
import { matchesAny } from "../core/option.ts";
import { utc } from "../formats/figures.ts";
import { madeBy } from "./explain_metric.ts";
import {
  type Explanation,
  type Facts,
  type KnownClass,
  NO_AGENT,
  type Row,
} from "./explanation.ts";
import { alike, isMisspelt } from "./likeness.ts";
import { collectorOptions, filterRow } from "./option_rows.ts";
import { collectorStatusOf, collectorTrouble, runRows } from "./trouble.ts";

export function explainMissing(path: string, facts: Facts): Explanation {
  const below = branch(path, facts.collectors);
  if (below !== undefined) return below;
  const owner = ownerOf(path, facts.collectors.filter(({ hasNode }) => hasNode));
  if (owner !== undefined) return withCollector(path, owner, facts);
  const elsewhere = samePathElsewhere(path, facts.collectors);
  if (elsewhere !== undefined) return underOther(path, ...elsewhere);
  const known = classIn(path, facts);
  if (known !== undefined) return withoutCollector(path, known, facts);
  const other = ownerOf(path, facts.collectors);
  if (other !== undefined) return withCollector(path, other, facts);
  return {
    title: path,
    verdict:
      "Nothing publishes it: no collector that runs here, and none that is built in, has such a name",
    ok: false,
    rows: [...nearest(path, facts.collectors), ...beginnings(facts.collectors)],
  };
}

const MAX_BELOW = 20;

/** A path with others below it: undefined where there are none. */
function branch(path: string, collectors: readonly CollectorFact[]): Explanation | undefined {
  const found: string[] = [];
  for (const collector of collectors) {
    for (const series of collector.series()) {
      if (series.allowed && series.path.startsWith(`${path}.`)) found.push(series.path);
    }
  }
  if (found.length === 0) return undefined;
  const shown = found.slice(0, MAX_BELOW).map((value) => ({ label: "series", value }));
  const more = found.length - shown.length;
  return {
    title: path,
    verdict: `It is a branch, with ${found.length} series below it`,
    ok: true,
    rows: more > 0 ? [...shown, { label: "and", value: `${more} more` }] : shown,
  };
}

/** The collector under whose name it stands; of several the one with the longest. */
function ownerOf(path: string, collectors: readonly CollectorFact[]): CollectorFact | undefined {
  const isBelow = (begin: string) => begin !== "" && path.startsWith(`${begin}.`);
  return collectors.filter(({ begins: [host] }) => isBelow(host))
    .sort((a, b) => b.begins[0].length - a.begins[0].length)[0];
}

/** The collector runs, and does not make it. */
function withCollector(path: string, collector: CollectorFact, facts: Facts): Explanation {
  const { section, begins: [begin], crowd } = collector;
  const status = collectorStatusOf(section, facts);
  const trouble = collectorTrouble(status);
  const name = path.slice(begin.length + 1);
  const pattern = collector.patterns.find((one) => isOf(name, one));
  const near = nearest(path, [collector]);
  return {
    title: path,
    verdict: reasonOf(),
    ok: false,
    rows: [
      madeBy(collector),
      ...(pattern === undefined ? [] : [{ label: "declared as", value: pattern }]),
      { label: "source", value: collector.sources.join(", ") || "its own" },
      filterRow(collector, !isKeptBack(collector, name)),
      ...runRows(status, facts.now),
      ...trouble,
      ...(crowd === undefined
        ? []
        : [{ label: "limit", value: `${crowd.message}, since ${utc(crowd.first)}` }]),
      ...near,
      ...collectorOptions(collector, false),
    ],
  };

  function reasonOf(): string {
    if (isKeptBack(collector, name)) {
      const { value, where } = filterRow(collector, false);
      return `Nothing: ${section} would make it, and it ${value} (${where})`;
    }
    if (trouble.length > 0) return `Nothing: ${trouble[0].value}`;
    if (crowd !== undefined) return `Nothing: ${section} leaves new series out: ${crowd.message}`;
    if (status?.state === "waiting") {
      return `Nothing yet: ${section} has not run, or needs two runs`;
    }
    const first = near[0]?.value.split(", ")[0];
    if (first !== undefined && (pattern === undefined || isMisspelt(path, first))) {
      return `${section} has no such name here, did you mean ${first}?`;
    }
    if (pattern === undefined) return `${section} runs, and has no such name here`;
    const isFixed = !pattern.includes("{");
    const what = isFixed
      ? "its source does not have it here"
      : "its source has nothing of that name";
    return `Nothing: ${section} makes such names, and ${what}, or its options leave it out`;
  }
}

/** Whether a filter would keep it back. */
function isKeptBack({ whitelist, blacklist }: CollectorFact, name: string): boolean {
  const isLeftOut = whitelist.sources.length > 0 && !matchesAny(whitelist, name);
  return isLeftOut || matchesAny(blacklist, name);
}

function isOf(name: string, pattern: string): boolean {
  const parts = pattern.split(/\{\w+\}/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}

/** Components at the end that make it sure that the same series is meant. */
const MIN_TAIL = 2;

/** The series that ends alike: another prefix, another host. */
function samePathElsewhere(
  path: string,
  collectors: readonly CollectorFact[],
): [CollectorFact, string] | undefined {
  for (const collector of collectors) {
    const component = collector.begins[0].split(".").at(-1)!;
    for (const series of collector.series()) {
      const tail = `${component}.${series.name}`;
      const isSame = path === tail || path.endsWith(`.${tail}`) || series.path.endsWith(`.${path}`);
      if (isSame && tail.split(".").length >= MIN_TAIL) return [collector, series.path];
    }
  }
  return undefined;
}

function underOther(path: string, collector: CollectorFact, actual: string): Explanation {
  return {
    title: path,
    verdict: `Published under another name: ${actual}`,
    ok: false,
    rows: [
      madeBy(collector),
      { label: "paths begin with", value: collector.begins[0] },
      ...collectorOptions(collector, false).filter(({ label }) =>
        /path|hostname|instance/.test(label)
      ),
    ],
  };
}

function classIn(path: string, { classOf }: Facts): KnownClass | undefined {
  for (const component of path.split(".")) {
    const known = classOf(component);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** The collector does not run. */
function withoutCollector(
  path: string,
  { name, isBuiltIn }: KnownClass,
  facts: Facts,
): Explanation {
  const { leftOut, sections, collectors, file } = facts;
  const isOfClass = (section: string) => section.split(" ")[0] === name;
  const running = collectors.find(({ className }) => className === name);
  if (running !== undefined) {
    return withNear(`${name} runs, and its paths begin with ${running.begins[0]}`, [
      madeBy(running),
    ]);
  }
  const section = [...sections.keys()].find(isOfClass);
  const status = collectorStatusOf(section ?? name, facts);
  const why = leftOut.get(section ?? name) ?? status?.error?.message;
  const row = (value: string): Row => ({
    label: "section",
    value,
    where: sections.get(section ?? "") ?? file,
  });
  if (why !== undefined) {
    return withNear(`Nothing: ${name} would make it, and does not run: ${why}`, [row("enabled")]);
  }
  if (section !== undefined) {
    return withNear(`Nothing: ${name} would make it, and is not enabled`, [
      row("not enabled: set enabled = True"),
    ]);
  }
  const todo = isBuiltIn
    ? `it has no section: add [[${name}]] with enabled = True`
    : "it is one of Diamond's and not built in; Diamond's own file works, with its folder in collectors_path";
  return withNear(`Nothing: ${name} would make it, and ${todo}`, [row("none")]);

  function withNear(verdict: string, rows: readonly Row[]): Explanation {
    return { title: path, verdict, ok: false, rows: [...rows, ...nearest(path, collectors)] };
  }
}

function nearest(path: string, collectors: readonly CollectorFact[]): Row[] {
  function* paths() {
    for (const collector of collectors) {
      for (const { path: one, allowed } of collector.series()) if (allowed) yield one;
    }
  }
  const found = alike(path, paths());
  return found.length === 0 ? [] : [{ label: "names like it", value: found.join(", ") }];
}

function beginnings(collectors: readonly CollectorFact[]): Row[] {
  const all = [...new Set(collectors.map(({ begins: [host] }) => host))];
  return [{ label: "paths begin with", value: all.length > 0 ? all.join(", ") : NO_AGENT }];
}
