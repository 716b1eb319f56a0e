/** A series that its collector knows: where its values come from, what was done to them, and where they went. */

import type { CollectorFact, Point, SeriesFact } from "../agent/facts.ts";
import type { Trace } from "../agent/trace.ts";
import { count, utc } from "../formats/figures.ts";
import { fixed } from "../formats/fixed.ts";
import { deliveryRows } from "./delivery_rows.ts";
import { type Explanation, type Facts, NO_AGENT, type Row } from "./explanation.ts";
import { collectorOptions, filterRow } from "./option_rows.ts";
import { collectorStatusOf, collectorTrouble } from "./trouble.ts";
import { unitOf } from "./unit_of.ts";
import { whereFound } from "./value_source.ts";

export async function explainMetric(
  collector: CollectorFact,
  series: SeriesFact,
  facts: Facts,
): Promise<Explanation> {
  const point = collector.latest(series.path);
  const trace = await facts.trace(collector.section);
  const { unit, precision, help, form } = series;
  const isRate = form !== "gauge";
  const sources = sourceRows(collector, series, trace);
  return {
    title: series.path,
    ...verdictOf(collector, series, point, facts),
    rows: [
      madeBy(collector),
      ...(help === "" ? [] : [{ label: "meaning", value: help }]),
      ...sources,
      ...sampleRows(series, point, trace),
      formulaRow(collector, series, point, sources.length > 1),
      { label: "unit", value: unitOf(series.path, unit) || "none" },
      { label: "precision", value: precision === 1 ? "1 decimal" : `${precision} decimals` },
      filterRow(collector, series.allowed),
      lastRow(series, point, facts),
      ...collectorTrouble(collectorStatusOf(collector.section, facts)),
      ...(series.allowed ? deliveryRows(facts, point?.timestamp) : []),
      ...collectorOptions(collector, isRate),
    ],
  };
}

export function madeBy({ section, doc, file }: CollectorFact): Row {
  return {
    label: "collector",
    value: doc === "" ? section : `${section}: ${doc}`,
    where: file ?? "built in",
  };
}

function verdictOf(
  collector: CollectorFact,
  series: SeriesFact,
  point: Point | undefined,
  facts: Facts,
): { readonly verdict: string; readonly ok: boolean } {
  const { section, interval } = collector;
  const { allowed, runsAgo, samples, form } = series;
  if (!allowed) {
    const { value, where = "its section" } = filterRow(collector, false);
    return { verdict: `Not published: ${section} makes it, and it ${value} (${where})`, ok: false };
  }
  const trouble = collectorTrouble(collectorStatusOf(section, facts))[0];
  if (runsAgo > 0) {
    const since = `for ${count(runsAgo)} runs, one every ${interval} s`;
    const why = trouble === undefined ? "what it is about has gone, or is left out" : trouble.value;
    return {
      verdict: `Not published any more: ${section} has not found it ${since}: ${why}`,
      ok: false,
    };
  }
  if (point === undefined) {
    const isYoung = form !== "gauge" && samples.length < 2;
    const why = isYoung ? "it is a rate, which needs two runs" : trouble?.value ??
      "the last run had no value for it: a counter that stepped back, or no number";
    return { verdict: `Not published yet by ${section}: ${why}`, ok: isYoung };
  }
  const value = `${shownValue(series, point.value)} at ${utc(point.timestamp * 1000)}`;
  if (facts.handlerStates === undefined) {
    return {
      verdict: `${section} publishes it: ${value}, in a run made for this answer`,
      ok: true,
    };
  }
  const failing = facts.handlerStates.filter(({ state }) =>
    state === "failing" || state === "missing"
  ).map(({ name }) => name);
  const but = failing.length === 0 ? "" : `, and ${failing.join(", ")} cannot deliver it`;
  return { verdict: `Published by ${section}: ${value}${but}`, ok: failing.length === 0 };
}

function sourceRows(collector: CollectorFact, series: SeriesFact, trace: Trace | undefined): Row[] {
  const { file, sources: declared } = collector;
  if (file !== undefined) {
    return [{
      label: "source",
      value: "its own code reads the host: what it reads is not seen here",
      where: file,
    }];
  }
  const raw = trace?.raw(series.path);
  const read = trace?.sources ?? [];
  const found = raw === undefined ? undefined : whereFound(raw, wordsOf(series), read);
  if (found === undefined) {
    const names = read.length > 0 ? namesOf(read.map(({ what }) => what)) : declared.join(", ");
    return [{ label: "source", value: names || "what the collector knows itself" }];
  }
  const { what, line, field, factor } = found;
  const times = factor === 1 ? "" : factor > 1 ? `, times ${factor}` : `, divided by ${1 / factor}`;
  return [
    { label: "source", value: what },
    { label: "field", value: `number ${field} of "${line}"${times}` },
  ];
}

const MAX_SOURCES = 6;

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, MAX_SOURCES).join(", ");
  return names.length > MAX_SOURCES ? `${shown} and ${names.length - MAX_SOURCES} more` : shown;
}

function wordsOf({ name, labels }: SeriesFact): string[] {
  return [...new Set([...labels, ...name.split(/[._]/), name.split(".").at(-1)!])];
}

function sampleRows(
  { samples, form, path }: SeriesFact,
  point: Point | undefined,
  trace?: Trace,
): Row[] {
  if (form !== "gauge") {
    return samples.map(({ value, at }, index) => ({
      label: index === samples.length - 1 ? "raw value" : "raw value before",
      value: `${value} at ${time(at)}`,
    }));
  }
  const now = trace?.raw(path);
  const raw = point?.value ?? now;
  return raw === undefined ? [] : [{ label: "raw value", value: String(raw) }];
}

/** What was done to the raw values, with the numbers put in. `isFound`: where the value stands is known. */
function formulaRow(
  collector: CollectorFact,
  series: SeriesFact,
  point: Point | undefined,
  isFound: boolean,
): Row {
  const { form, scale = 1, samples, allowed } = series;
  const label = "formula";
  const times = scale === 1 ? "" : ` × ${rounded(scale)}`;
  if (form === "gauge") {
    const how = isFound ? "the field as it stands" : "as the collector makes it of its source";
    return { label, value: `${how}${times}` };
  }
  const isDiamonds = collector.options.some(({ name, value }) =>
    name === "rates" && value === "diamond"
  );
  const per = isDiamonds ? "the interval" : "the seconds between them";
  const [before, last] = samples;
  if (last === undefined || point === undefined || !allowed) {
    return { label, value: `(raw value − the one before) / ${per}${times}` };
  }
  const seconds = isDiamonds ? collector.interval : (last.at - before.at) / 1000;
  const result = shownValue(series, point.value);
  return {
    label,
    value: `(${last.value} − ${before.value}${wrapOf(series)}) / ${
      rounded(seconds)
    } s${times} = ${result}`,
  };
}

/** A counter that began again at 0. */
function wrapOf({ samples: [before, last], max }: SeriesFact): string {
  if (Number(last.value) >= Number(before.value)) return "";
  return ` + ${max > 0 ? max : 2 ** 32}`;
}

function lastRow(series: SeriesFact, point: Point | undefined, { handlerStates }: Facts): Row {
  const label = "last value";
  if (point !== undefined) {
    return { label, value: `${shownValue(series, point.value)} at ${utc(point.timestamp * 1000)}` };
  }
  return { label, value: handlerStates === undefined ? NO_AGENT : "none in the last run" };
}

function shownValue({ precision }: SeriesFact, value: number): string {
  return fixed(value, precision);
}

function rounded(number: number): string {
  return String(Number(number.toPrecision(6)));
}

/** With milliseconds: rates are measured by them. */
function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23).replace("T", " ")} UTC`;
}
