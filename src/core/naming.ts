/** Metric paths: what stands before a metric's name, and what a pattern becomes with its parts. */

export interface Naming {
  readonly prefix: string;
  /** Null: no host in the path. */
  readonly host: string | null;
  readonly suffix: string;
  /** "" or "." leaves it out. */
  readonly collector: string;
  readonly instancePrefix: string;
}

/**
 * `prefix.host[.suffix].collector.name`; with an instance
 * `instance_prefix.instance.collector.name`, where the host has no place.
 */
export function metricPath(naming: Naming, name: string, instance: string | null): string {
  const collector = naming.collector === "." ? "" : naming.collector;
  if (instance !== null) return joined([naming.instancePrefix, instance, collector, name]);
  return joined([naming.prefix, naming.host ?? "", naming.suffix, collector, name]);
}

function joined(components: readonly string[]): string {
  return components.filter((component) => component !== "").join(".");
}

const PLACEHOLDER = /\{(\w+)\}/g;

/** The names of a pattern's parts: `{device}.reads` has `device`. */
export function partNames(pattern: string): string[] {
  return [...pattern.matchAll(PLACEHOLDER)].map((match) => match[1]);
}

/** The pattern with its parts put in, in their order. */
export function filled(pattern: string, parts: readonly string[]): string {
  let next = 0;
  return pattern.replace(PLACEHOLDER, () => parts[next++] ?? "");
}
