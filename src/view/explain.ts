/**
 * `explain`: the life of one metric, collector or handler, from the facts that the agent has. Also why there is
 * nothing. Pure: the command line and the agent give it what they know.
 */

import type { CollectorFact, SeriesFact } from "../agent/facts.ts";
import { MAX_NAME } from "../core/naming.ts";
import { explainCollector, explainHandler } from "./explain_part.ts";
import { explainMetric } from "./explain_metric.ts";
import { explainMissing } from "./explain_missing.ts";
import type { Explanation, Facts } from "./explanation.ts";

export async function explain(word: string, facts: Facts): Promise<Explanation> {
  const asked = word.trim().slice(0, MAX_NAME);
  const part = partOf(asked, facts);
  if (part !== undefined) return part;
  const found = seriesOf(asked, facts.collectors);
  if (found === undefined) return explainMissing(asked, facts);
  return await explainMetric(found.collector, found.series, facts);
}

/** A collector or handler, by the name of its section, in any case, with or without its ending. */
function partOf(word: string, facts: Facts): Explanation | undefined {
  if (!/^\w+( .+)?$/.test(word)) return undefined;
  const { handlerStates = [], sections, handlers, leftOut, collectors } = facts;
  const isCalledSo = (name: string) => {
    const forms = [word, `${word}Handler`, `${word}Collector`];
    return forms.some((form) => form.toLowerCase() === name.toLowerCase());
  };
  const find = (names: Iterable<string>) => {
    const all = [...names];
    return all.find((name) => name === word) ?? all.find(isCalledSo);
  };
  const handler = find([...handlers.keys(), ...handlerStates.map(({ name }) => name)]);
  if (handler !== undefined) return explainHandler(handler, facts);
  const name = find([
    ...collectors.map(({ section }) => section),
    ...sections.keys(),
    ...leftOut.keys(),
  ]) ?? word;
  if (/handler( .*)?$/i.test(name)) return explainHandler(name, facts);
  const isCollector = name !== word || /collector( .*)?$/i.test(name) || sections.has(name) ||
    leftOut.has(name);
  return isCollector ? explainCollector(name, facts) : undefined;
}

/** Of several that make the same path, one that publishes it. */
function seriesOf(
  path: string,
  collectors: readonly CollectorFact[],
): { readonly collector: CollectorFact; readonly series: SeriesFact } | undefined {
  let found: { collector: CollectorFact; series: SeriesFact } | undefined;
  for (const collector of collectors) {
    for (const series of collector.series()) {
      if (series.path !== path) continue;
      if (found === undefined || series.allowed) found = { collector, series };
    }
  }
  return found;
}
