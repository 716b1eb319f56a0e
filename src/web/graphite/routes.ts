/** Graphite's read API: what Grafana's data source asks for. */

import type { Agent } from "../../agent/agent_contract.ts";
import { historyOf } from "../../agent/range.ts";
import { configError } from "../../core/errors.ts";
import type { Parameters } from "../../formats/query_string.ts";
import type { HttpServerResponse } from "../../ports/http.ts";
import { json } from "../answers.ts";
import type { WebContext } from "../context.ts";
import { pathsOf } from "../paths.ts";
import { createFetch } from "./fetch.ts";
import { completerJson, completerPattern, findNodes, treeJson } from "./find.ts";
import { functionList } from "./functions.ts";
import { jsonSeries, reduced, renderSeries } from "./render.ts";
import { parseTime } from "./times.ts";

type Turns = <T>(work: () => T | Promise<T>) => Promise<T>;
type Route = (asked: Parameters) => HttpServerResponse | Promise<HttpServerResponse>;

/** The version whose answers these are: Grafana asks for it. */
const VERSION = "1.1.8";
const DAY = 86_400;
const DEFAULT_STEP = 10;

export function graphiteRoutes(
  context: WebContext,
  inTurn: Turns,
): Readonly<Record<string, Route>> {
  const find: Route = (asked) => inTurn(() => findAnswer(asked, context));
  const render: Route = (asked) => inTurn(() => renderAnswer(asked, context));
  return {
    "/metrics/find": find,
    "/metrics/find/": find,
    "/render": render,
    "/render/": render,
    "/functions": () => json(functionList()),
    "/version": () => json(VERSION),
  };
}

/** Throws `config` or a RangeError. */
function findAnswer(asked: Parameters, { agent, history }: WebContext): HttpServerResponse {
  const query = asked.text("query") ?? "";
  if (query === "") throw configError("which metrics? the parameter query is missing");
  const format = asked.text("format") ?? "treejson";
  const nodes = (pattern: string) => findNodes(pathsOf(agent, history()), pattern);
  if (format === "treejson") return json(treeJson(nodes(query), query));
  if (format === "completer") return json(completerJson(nodes(completerPattern(query))));
  throw configError(`format = ${format.slice(0, 40)}: only treejson and completer are answered`);
}

function renderAnswer(asked: Parameters, { agent, clock, history }: WebContext) {
  const format = asked.text("format");
  if (format !== "json") {
    throw configError(`format = ${format?.slice(0, 40) ?? "png"}: only json is answered`);
  }
  const present = Math.floor(clock.now() / 1000);
  const now = timeOf(asked, "now", present) ?? present;
  const targets = [...asked.all("target"), ...asked.all("target[]")];
  const until = timeOf(asked, "until", now) ?? now;
  const series = renderSeries({
    ...{ targets, until, now },
    from: timeOf(asked, "from", now) ?? until - DAY,
    fetch: createFetch({ now, stepOf: stepsOf(agent), history: historyOf(history()) }),
  });
  const most = Number(/^\d+$/.exec(asked.text("maxDataPoints") ?? "")?.[0] ?? NaN);
  const shown = most > 0 ? reduced(series, most) : series;
  const withoutNull = asked.text("noNullPoints") !== undefined;
  const answers = shown.map((one) => jsonSeries(one, withoutNull));
  return json(withoutNull ? answers.filter(({ datapoints }) => datapoints.length > 0) : answers);
}

/** In whole seconds; undefined where it is left out. */
function timeOf(asked: Parameters, name: string, now: number): number | undefined {
  const text = asked.text(name);
  return text === undefined || text === "" ? undefined : Math.floor(parseTime(text, now));
}

/** By path: the interval of the collector that makes it, or else the one that most have. */
function stepsOf(agent: Agent): (path: string) => number {
  const steps = new Map<string, number>();
  const { runners } = agent.state();
  for (const runner of runners) {
    for (const { series } of runner.emitted()) steps.set(series.path, runner.interval);
  }
  const counts = Map.groupBy(runners, ({ interval }) => interval);
  const [usual] = [...counts].sort(([, a], [, b]) => b.length - a.length)[0] ?? [DEFAULT_STEP];
  // The agent's own collector may have no interval.
  return (path) => Math.max(1, Math.round(steps.get(path) ?? usual) || DEFAULT_STEP);
}
