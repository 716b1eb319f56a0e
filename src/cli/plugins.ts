/** Finds a collector or handler by what people call it. */

import { didYouMean } from "../config/problems.ts";
import type { Catalogue } from "../config/settings.ts";
import { UsageError } from "./flags.ts";

/** By name in any case, with or without "Collector" or "Handler", by file (`cpu.py`), or by metric path. */
export async function findCollector(
  { collectors }: Catalogue,
  word: string,
): Promise<string | undefined> {
  const wanted = word.slice(word.lastIndexOf("/") + 1).replace(/\.(py|ts|js|mjs)$/, "");
  const name = byName(Object.keys(collectors), wanted, "Collector");
  if (name !== undefined) return name;
  for (const [candidate, load] of Object.entries(collectors)) {
    if ((await load()).default.path === wanted) return candidate;
  }
  return undefined;
}

export function findHandler({ handlers }: Catalogue, word: string): string | undefined {
  return byName(Object.keys(handlers), word, "Handler");
}

export function unknownPlugin(what: string, word: string, known: readonly string[]): UsageError {
  return new UsageError(`There is no ${what} "${word}"${didYouMean(word, known)}`);
}

function byName(known: readonly string[], word: string, ending: string): string | undefined {
  const forms = [word, word + ending].map((form) => form.toLowerCase());
  return known.find((name) => name === word) ??
    known.find((name) => forms.includes(name.toLowerCase()));
}
