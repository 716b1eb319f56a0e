/** Reads Prometheus' text format, for those that look for a few names. */

const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{.*\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*\r?$/gm;

/** The sum of each name's samples, over all labels; values that are not finite are left out. */
export function totalsIn(text: string): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  for (const [, name, written] of text.matchAll(SAMPLE)) {
    const value = Number(written);
    if (Number.isFinite(value)) totals.set(name, (totals.get(name) ?? 0) + value);
  }
  return totals;
}
