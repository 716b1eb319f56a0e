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
  const collector = collectorOf(naming);
  if (instance !== null) return joined([naming.instancePrefix, instance, collector, name]);
  return joined([naming.prefix, naming.host ?? "", naming.suffix, collector, name]);
}

/** The collector's component; "" if it has none. */
export function collectorOf({ collector }: Naming): string {
  return collector === "." ? "" : collector;
}

/**
 * Splits a path that a collector built itself into a naming and the rest, the name. If the path begins with the
 * collector's own naming, that is the result. Otherwise Diamond's rules apply: the part before the host is the
 * prefix, and the component after it is the collector.
 */
export function namingOf(
  own: Naming,
  path: string,
  host: string | null,
): { readonly naming: Naming; readonly name: string } {
  const begin = `${metricPath(own, "", null)}.`;
  if (host === own.host && begin !== "." && path.startsWith(begin)) {
    return { naming: own, name: path.slice(begin.length) };
  }
  const components = path.split(".");
  const hosts = host === null || host === "" ? [] : host.split(".");
  const at = hosts.length === 0
    ? -1
    : components.findIndex((_, index) =>
      hosts.every((label, offset) => components[index + offset] === label)
    );
  const isThere = at >= 0;
  const prefix = components.slice(0, isThere ? at : components.length > 1 ? 1 : 0);
  const rest = components.slice(isThere ? at + hosts.length : prefix.length);
  const collector = rest.length > 1 ? rest.shift()! : "";
  return {
    naming: {
      prefix: joined(prefix),
      host: isThere ? host : null,
      suffix: "",
      collector,
      instancePrefix: "",
    },
    name: joined(rest),
  };
}

function joined(components: readonly string[]): string {
  return oneWord(components.filter((component) => component !== "").join("."));
}

/** Characters of a name; a longer one is refused. */
export const MAX_NAME = 1024;

/** Control characters, line separators, marks that turn the text around, halves of a character. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

/** A name, part or instance that no wire, log or terminal can misread. What is clean stays the same text. */
export function cleanName(name: string): string {
  return name.replace(UNSAFE, "_");
}

/** Besides blanks: `;` begins a tag. */
const BREAKS_A_LINE = /[\s;]/g;
const EMPTY_NODES = /\.{2,}/g;

/** A path as Graphite takes it: one word without tags and without empty nodes. */
export function cleanPath(path: string): string {
  return withoutEmptyNodes(oneWord(path));
}

function oneWord(path: string): string {
  return cleanName(path).replace(BREAKS_A_LINE, "_");
}

function withoutEmptyNodes(path: string): string {
  if (!path.includes("..") && !path.startsWith(".") && !path.endsWith(".")) return path;
  return path.replace(EMPTY_NODES, ".").replace(/^\.|\.$/g, "");
}

const PLACEHOLDER = /\{(\w+)\}/g;

/** The names of a pattern's parts: `{device}.reads` has `device`. */
export function partNames(pattern: string): string[] {
  return [...pattern.matchAll(PLACEHOLDER)].map((match) => match[1]);
}

/**
 * The pattern with its parts put in, in order. An empty part is left out together with the dot after it. Empty
 * nodes of a part go; those of the pattern stay, since some of Diamond's names have them.
 */
export function filled(pattern: string, parts: readonly string[]): string {
  let next = 0;
  return pattern.replace(/\{\w+\}(\.?)/g, (_, dot: string) => {
    const part = withoutEmptyNodes(parts[next++] ?? "");
    return part === "" ? "" : part + dot;
  });
}
