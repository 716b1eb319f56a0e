/** Paths that are like another one: for names that are not there. */

import { editDistance } from "../core/edit_distance.ts";

const MAX_FOUND = 5;
/** The agent answers between two ticks. */
const MAX_LOOKED_AT = 30_000;
/** Of a path's components that must be the same, or nearly. */
const MIN_PART = 0.6;
/** Of a component that is one or two letters off. */
const NEARLY = 0.7;

/** The most alike first. */
export function alike(wanted: string, paths: Iterable<string>): string[] {
  const parts = wanted.split(".");
  const near = new Map<string, number>();
  const found: { readonly path: string; readonly score: number }[] = [];
  let left = MAX_LOOKED_AT;
  for (const path of paths) {
    if (left-- === 0) break;
    const others = path.split(".");
    const score = Math.max(
      sameness(parts, others, near),
      sameness(parts.toReversed(), others.toReversed(), near),
    );
    if (score >= MIN_PART) found.push({ path, score });
  }
  return found.sort((a, b) => b.score - a.score).slice(0, MAX_FOUND).map(({ path }) => path);
}

/** One component, at most, is a few letters off. */
export function isMisspelt(wanted: string, path: string): boolean {
  const others = path.split(".");
  const parts = wanted.split(".");
  const different = parts.filter((part, at) => part !== others[at]).length;
  return parts.length === others.length && different === 1 &&
    sameness(parts, others, new Map()) > (parts.length - 1) / parts.length;
}

function sameness(
  a: readonly string[],
  b: readonly string[],
  near: Map<string, number>,
): number {
  let sum = 0;
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    sum += a[at] === b[at] ? 1 : nearness(a[at], b[at], near);
  }
  return sum / Math.max(a.length, b.length);
}

/** Few components stand in many paths: each pair is compared once. */
function nearness(a: string, b: string, near: Map<string, number>): number {
  const key = `${a}\0${b}`;
  let known = near.get(key);
  if (known === undefined) {
    const distance = editDistance(a.toLowerCase(), b.toLowerCase());
    known = distance <= 2 && distance < Math.max(a.length, b.length) / 2 ? NEARLY : 0;
    near.set(key, known);
  }
  return known;
}
