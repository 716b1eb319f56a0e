/** What `import … from "diamond-agent"` gives to a user's own collector or handler: the agent's very functions. */

export {
  type Collector,
  type Context,
  counter,
  defineCollector,
  everySystem,
  gauge,
  type MetricSpec,
  rate,
} from "./core/collector.ts";
export { Cursor } from "./core/cursor.ts";
export { badData, noData, refused, undelivered } from "./core/errors.ts";
export { defineHandler, type Handler, type Sink } from "./core/handler.ts";
export type { Host } from "./ports/host.ts";
export type { Metric, Series } from "./core/metric.ts";
export {
  bool,
  byteUnits,
  choice,
  duration,
  integer,
  list,
  needed,
  number,
  type Option,
  patterns,
  secret,
  section,
  size,
  text,
  words,
} from "./core/option.ts";
