/** The options in force, with the line that each came from. */

import type { CollectorFact, OptionFact } from "../agent/facts.ts";
import type { Row } from "./explanation.ts";

/** They are in every path and value of a collector, set or not. */
const ALWAYS = ["interval", "path_prefix", "path", "hostname_method"];
/** Shown elsewhere, or of no matter to one metric. */
const NEVER = ["metrics_whitelist", "metrics_blacklist", "measure_collector_time"];

export function optionRows(options: readonly OptionFact[], always: readonly string[] = []): Row[] {
  const shown = options.filter(({ name, where }) =>
    !NEVER.includes(name) && (where !== undefined || always.includes(name))
  );
  return shown.map(({ name, value, where = "default" }) => ({
    label: `option ${name}`,
    value,
    where,
  }));
}

export function collectorOptions({ options }: CollectorFact, isRate: boolean): Row[] {
  return optionRows(options, isRate ? [...ALWAYS, "rates"] : ALWAYS);
}

/** Which of the filters there are, and what becomes of a name. */
export function filterRow(collector: CollectorFact, isAllowed: boolean): Row {
  const { whitelist, blacklist } = collector;
  const isWhite = whitelist.sources.length > 0;
  const kind = isWhite ? "metrics_whitelist" : "metrics_blacklist";
  const patterns = isWhite ? whitelist.sources : blacklist.sources;
  if (patterns.length === 0) {
    return { label: "filters", value: "none: no metrics_whitelist, no metrics_blacklist" };
  }
  const verb = isAllowed ? "passes" : "is kept back by";
  return {
    label: "filters",
    value: `${verb} ${kind} = ${patterns.join(", ")}`,
    where: collector.options.find(({ name }) => name === kind)?.where,
  };
}
