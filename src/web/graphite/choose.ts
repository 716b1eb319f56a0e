/** Functions that choose, sort and name series. */

import type { SeriesFunction } from "./context.ts";
import { nodesOf, pathIn } from "./names.ts";
import { aggregationOf, type RenderSeries } from "./series.ts";

const aliasByNode: SeriesFunction = (args) => {
  const places = args.numbersFrom(1);
  return args.series().map((one) => ({ ...one, name: nodesOf(one, places) }));
};

/** Those whose values come to most, or to least; a series without values comes last. */
function extreme(
  list: readonly RenderSeries[],
  count: number,
  aggregation: string,
  sign: 1 | -1,
): readonly RenderSeries[] {
  const aggregate = aggregationOf(aggregation);
  const rank = (one: RenderSeries) => sign * (aggregate(one.values) ?? -sign * Infinity);
  const ranked = list.map((one) => ({ one, rank: rank(one) }));
  return ranked.sort((a, b) => b.rank - a.rank).slice(0, count).map(({ one }) => one);
}

const by = (aggregation: string, sign: 1 | -1): SeriesFunction => (args) =>
  extreme(args.series(), args.number(1, "n", 1), aggregation, sign);

const anyBy = (sign: 1 | -1): SeriesFunction => (args) =>
  extreme(args.series(), args.number(1, "n", 1), args.text(2, "func", "average"), sign);

const NATURAL = new Intl.Collator("en", { numeric: true });

const sortByName: SeriesFunction = (args) => {
  const compare = args.flag(1, "natural")
    ? (a: RenderSeries, b: RenderSeries) => NATURAL.compare(a.name, b.name)
    : (a: RenderSeries, b: RenderSeries) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const sorted = args.series().toSorted(compare);
  return args.flag(2, "reverse") ? sorted.toReversed() : sorted;
};

export const CHOOSING: Readonly<Record<string, SeriesFunction>> = {
  alias: (args) => {
    const name = args.text(1, "newName");
    return args.series().map((one) => ({ ...one, name }));
  },
  aliasByMetric: (args) =>
    args.series().map((one) => ({ ...one, name: pathIn(one.name).split(".").at(-1)! })),
  aliasByNode,
  aliasByTags: aliasByNode,
  highest: anyBy(1),
  highestAverage: by("average", 1),
  highestCurrent: by("last", 1),
  highestMax: by("max", 1),
  limit: (args) => args.series().slice(0, args.number(1, "n")),
  lowest: anyBy(-1),
  lowestAverage: by("average", -1),
  lowestCurrent: by("last", -1),
  sortByMaxima: (args) => extreme(args.series(), Infinity, "max", 1),
  sortByMinima: (args) => extreme(args.series(), Infinity, "min", -1),
  sortByName,
  sortByTotal: (args) => extreme(args.series(), Infinity, "sum", 1),
};
