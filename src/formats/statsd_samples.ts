/**
 * Reads StatsD's lines, with DogStatsD's tags and packed values: `name:1:2|ms|@0.5|#tag:value`.
 * Source: https://github.com/statsd/statsd/blob/master/docs/metric_types.md
 */

export interface StatsdSample {
  readonly name: string;
  readonly kind: "counter" | "gauge" | "timer" | "set";
  /** Of a set: its member. */
  readonly text: string;
  /** NaN of a set. */
  readonly value: number;
  /** A change of the gauge. */
  readonly relative: boolean;
  /** The part of all events that the client sends. */
  readonly rate: number;
}

/** Longer names are refused: nodes of a path are files in Graphite. */
const MAX_NAME = 250;
const KINDS: Readonly<Record<string, StatsdSample["kind"]>> = {
  c: "counter",
  m: "counter",
  g: "gauge",
  ms: "timer",
  h: "timer",
  d: "timer",
  s: "set",
};
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** The samples of a line; undefined where it cannot be read. */
export function parseStatsd(line: string, withTags: boolean): StatsdSample[] | undefined {
  const [head, type, ...extras] = line.split("|");
  const colon = head.indexOf(":");
  const kind = Object.hasOwn(KINDS, type ?? "") ? KINDS[type] : undefined;
  if (colon <= 0 || kind === undefined) return undefined;
  let rate = 1;
  let tags = "";
  for (const extra of extras) {
    if (extra.startsWith("@")) rate = Number(extra.slice(1));
    else if (extra.startsWith("#") && withTags) tags = tagNodes(extra.slice(1));
  }
  const name = cleaned(head.slice(0, colon)) + tags;
  if (!(rate > 0 && rate <= 1) || !/[^.]/.test(name) || name.length > MAX_NAME) return undefined;
  const texts = kind === "set" ? [head.slice(colon + 1)] : head.slice(colon + 1).split(":");
  if (
    kind !== "set" && !texts.every((text) => NUMBER.test(text) && Number.isFinite(Number(text)))
  ) {
    return undefined;
  }
  return texts.map((text) => ({
    name,
    kind,
    text,
    value: kind === "set" ? NaN : Number(text),
    relative: kind === "gauge" && /^[+-]/.test(text),
    rate,
  }));
}

/** `b:2,a` is `.a.b.2`: in the order of their names, since clients send them in any. */
function tagNodes(tags: string): string {
  const nodes = tags.split(",").filter((tag) => tag !== "").sort().map((tag) => {
    const colon = tag.indexOf(":");
    const parts = colon < 0 ? [tag] : [tag.slice(0, colon), tag.slice(colon + 1)];
    return parts.map((part) => `.${cleaned(part).replaceAll(".", "_")}`).join("");
  });
  return nodes.join("");
}

/** As StatsD cleans names for Graphite. */
function cleaned(name: string): string {
  return name.replace(/\s+/g, "_").replaceAll("/", "-").replace(/[^\w.-]/g, "");
}
