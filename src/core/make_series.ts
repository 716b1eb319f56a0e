/** Makes a series of what a call of `emit` says, once: names are cleaned here, so that no point pays for it. */

import type { EmitOptions, MetricSpec } from "./collector.ts";
import { shown } from "./emit_check.ts";
import type { Kind, Series } from "./metric.ts";
import { unitOfSeries } from "./metric_unit.ts";
import {
  cleanName,
  cleanPath,
  collectorOf,
  filled,
  metricPath,
  type Naming,
  namingOf,
  partNames,
} from "./naming.ts";

export interface Made {
  readonly series: Series;
  /** What had to be mended, in words; undefined where nothing had. */
  readonly mended: string | undefined;
}

/** `isDeclared`: the pattern's parts are put in; otherwise it is the name as it stands. */
export function makeSeries(
  { naming, ttl }: { readonly naming: Naming; readonly ttl: number },
  call: {
    readonly pattern: string;
    readonly parts: readonly string[];
    readonly extras?: EmitOptions;
  },
  spec: MetricSpec,
  isDeclared: boolean,
): Made {
  const pattern = cleanName(call.pattern);
  const parts = call.parts.map(cleanName);
  const name = isDeclared ? filled(pattern, parts) : pattern;
  const given = isDeclared ? filled(call.pattern, call.parts) : call.pattern;
  if (call.extras?.path === true) {
    return wholeSeries({ naming, ttl }, name, given, call.extras, spec);
  }
  const instance = call.extras?.instance === undefined ? null : cleanName(call.extras.instance);
  const labels: Record<string, string> = Object.create(null);
  for (const [index, label] of partNames(pattern).entries()) labels[label] = parts[index] ?? "";
  const path = metricPath(naming, name, instance);
  const series: Series = {
    path: isDeclared ? path : cleanPath(path),
    prefix: instance === null ? naming.prefix : naming.instancePrefix,
    host: instance === null ? naming.host : null,
    suffix: naming.suffix,
    collector: collectorOf(naming),
    name,
    pattern,
    labels,
    instance,
    ...traitsOf(spec, labels),
    ttl,
  };
  return { series, mended: mendedIn(series, given, call.extras?.precision) };
}

/** Of a path that the collector has made itself. */
function wholeSeries(
  { naming: own, ttl }: Parameters<typeof makeSeries>[0],
  path: string,
  given: string,
  extras: EmitOptions,
  spec: MetricSpec,
): Made {
  const host = extras.host === undefined ? own.host : extras.host && cleanName(extras.host);
  const { naming, name } = namingOf(own, path, host);
  const { prefix, suffix } = naming;
  const collector = collectorOf(naming);
  const place = { path, prefix, host: naming.host, suffix, collector, name, pattern: name };
  const series = { ...place, labels: {}, instance: null, ...traitsOf(spec, {}), ttl };
  return { series, mended: mendedIn(series, given, extras.precision) };
}

function traitsOf(
  { form, precision, unit, help, sinceBoot }: MetricSpec,
  labels: Readonly<Record<string, string>>,
) {
  const kind: Kind = form === "counter" ? "counter" : "gauge";
  return {
    kind,
    precision,
    unit: unitOfSeries(unit, labels),
    help,
    ...(sinceBoot && { sinceBoot }),
  };
}

function mendedIn({ path, precision }: Series, name: string, wanted: unknown): string | undefined {
  if (wanted !== undefined && precision !== wanted) {
    return `the precision of ${path} is ${JSON.stringify(wanted)}: ${precision} is taken`;
  }
  if (path.endsWith(name)) return undefined;
  return `the name ${JSON.stringify(shown(name))} is published as "${path}"`;
}

export function cleanNaming(naming: Naming): Naming {
  return {
    prefix: cleanName(naming.prefix),
    host: naming.host === null ? null : cleanName(naming.host),
    suffix: cleanName(naming.suffix),
    collector: cleanName(naming.collector),
    instancePrefix: cleanName(naming.instancePrefix),
  };
}
