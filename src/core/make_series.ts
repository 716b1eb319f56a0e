/** Makes a series of what a call of `emit` says, once: names are cleaned here, so that no point pays for it. */

import type { EmitOptions, MetricSpec } from "./collector.ts";
import { shown } from "./emit_check.ts";
import type { Kind, Series } from "./metric.ts";
import { cleanName, filled, metricPath, type Naming, partNames } from "./naming.ts";

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
  const instance = call.extras?.instance === undefined ? null : cleanName(call.extras.instance);
  const labels: Record<string, string> = Object.create(null);
  for (const [index, label] of partNames(pattern).entries()) labels[label] = parts[index] ?? "";
  const kind: Kind = spec.form === "counter" ? "counter" : "gauge";
  const series: Series = {
    path: metricPath(naming, name, instance),
    prefix: instance === null ? naming.prefix : naming.instancePrefix,
    host: instance === null ? naming.host : null,
    suffix: naming.suffix,
    collector: naming.collector === "." ? "" : naming.collector,
    name,
    pattern,
    labels,
    instance,
    kind,
    precision: spec.precision,
    unit: spec.unit,
    help: spec.help,
    ttl,
  };
  const given = isDeclared ? filled(call.pattern, call.parts) : call.pattern;
  return { series, mended: mendedIn(series, given, call.extras?.precision) };
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
