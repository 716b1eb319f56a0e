/** Numbers out of nested data, and names that are safe in a metric's path. */

interface FlattenSettings {
  /** Take `true` and `false` as 1 and 0. */
  readonly booleans?: boolean;
  /** Go into lists, with the index as a part of the name. */
  readonly lists?: boolean;
  /** Makes one key safe. */
  readonly clean?: (key: string) => string;
}

const MAX_DEPTH = 64;

/** Visits each finite number below `node`, with its dotted name: `{"a":{"b":1}}` gives `a.b`. */
export function flatten(
  node: unknown,
  visit: (name: string, value: number) => void,
  settings: FlattenSettings = {},
): void {
  const { booleans = false, lists = false, clean = (key: string) => key } = settings;
  const walk = (inner: unknown, name: string, depth: number) => {
    if (isFiniteNumber(inner)) return visit(name, inner);
    if (typeof inner === "boolean" && booleans) return visit(name, Number(inner));
    if (typeof inner !== "object" || inner === null || depth > MAX_DEPTH) return;
    if (Array.isArray(inner) && !lists) return;
    for (const [key, next] of Object.entries(inner)) {
      const part = clean(key);
      walk(next, name === "" ? part : `${name}.${part}`, depth + 1);
    }
  };
  walk(node, "", 0);
}

/** `app.com` as one node of a path: `app_com`. */
export function dotless(text: string): string {
  return text.replaceAll(".", "_");
}

/** Anything but letters, digits, `_` and `-` becomes `_`. */
export function safeName(text: string): string {
  return text.replace(/[^\w-]/g, "_");
}

/** Whether a part of an answer is a number that can be published: JSON's `1e999` is not. */
export function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** A text that is a number, such as `12` or `-0.5`; undefined for anything else. */
export function numberIn(text: string | undefined | null): number | undefined {
  if (
    text === undefined || text === null ||
    !/^\s*[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)
  ) {
    return undefined;
  }
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** The decimals of a number that is written as text: 2 for `1.25`. */
export function decimalsOf(text: string): number {
  return /\.(\d+)$/.exec(text.trim())?.[1].length ?? 0;
}
