/** The time that charts show: the last seconds, which move on, or two fixed times. */

export type Range =
  | { readonly kind: "live"; readonly seconds: number }
  | { readonly kind: "fixed"; readonly from: number; readonly to: number };

export const SPANS: readonly (readonly [label: string, name: string, seconds: number])[] = [
  ["5m", "Last 5 minutes", 300],
  ["1h", "Last hour", 3600],
  ["6h", "Last 6 hours", 21_600],
  ["1d", "Last day", 86_400],
  ["1w", "Last week", 604_800],
];
const MIN_SECONDS = 30;
const MAX_SECONDS = 366 * 86_400;

/** What the page begins with, and comes back to. */
export const liveRange = { kind: "live", seconds: 3600 } as const satisfies Range;

/** Seconds since the epoch. */
export function boundsOf(
  range: Range,
  now: number,
): { readonly from: number; readonly to: number } {
  return range.kind === "live" ? { from: now - range.seconds, to: now } : range;
}

export function fixedRange(from: number, to: number): Range {
  const length = Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, to - from));
  const middle = (from + to) / 2;
  return {
    kind: "fixed",
    from: Math.floor(middle - length / 2),
    to: Math.ceil(middle + length / 2),
  };
}

/** Moved by a part of its length; one that reaches the present follows it. */
export function moved(range: Range, part: number, now: number): Range {
  const { from, to } = boundsOf(range, now);
  const shift = (to - from) * part;
  if (to + shift >= now) return { kind: "live", seconds: to - from };
  return fixedRange(from + shift, to + shift);
}

/** Longer or shorter by a factor. */
export function zoomed(range: Range, factor: number, now: number): Range {
  if (range.kind === "live") {
    const seconds = Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, range.seconds * factor));
    return { kind: "live", seconds };
  }
  const middle = (range.from + range.to) / 2;
  const half = (range.to - range.from) * factor / 2;
  return middle + half >= now
    ? moved(fixedRange(now - 2 * half, now), 0, now)
    : fixedRange(middle - half, middle + half);
}

/** As it stands in the address: `1h`, or `1700000000-1700003600`. */
export function rangeText(range: Range): string {
  if (range.kind === "fixed") return `${range.from}-${range.to}`;
  return SPANS.find(([, , seconds]) => seconds === range.seconds)?.[0] ??
    `${Math.round(range.seconds)}s`;
}

export function parseRange(text: string): Range {
  const fixed = /^(\d{1,11})-(\d{1,11})$/.exec(text);
  if (fixed !== null && Number(fixed[2]) > Number(fixed[1])) {
    return fixedRange(Number(fixed[1]), Number(fixed[2]));
  }
  const seconds = /^(\d{1,8})s$/.exec(text)?.[1] ?? SPANS.find(([label]) => label === text)?.[2];
  return seconds === undefined || Number(seconds) === 0
    ? liveRange
    : { kind: "live", seconds: Math.min(MAX_SECONDS, Number(seconds)) };
}
