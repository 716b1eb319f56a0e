/** What the page's script asks for: JSON below `/api/`; and beside it what Grafana does. */

import type { Parameters } from "../formats/query_string.ts";
import type { HttpServerResponse } from "../ports/http.ts";
import { overview } from "../view/overview.ts";
import { json, refusal, stream } from "./answers.ts";
import type { WebContext } from "./context.ts";
import { createEvents } from "./events.ts";
import { graphiteRoutes } from "./graphite/routes.ts";
import { childrenOf, currentPaths, pathsOf } from "./paths.ts";
import { createTurns } from "./turns.ts";

export type Route = (
  parameters: Parameters,
) => HttpServerResponse | Promise<HttpServerResponse>;

const DEFAULT_POINTS = 300;
const MAX_POINTS = 2000;
const MAX_PATHS = 200;
const MAX_NODES = 5000;
const HOUR = 3600;

export function apiRoutes(context: WebContext): Readonly<Record<string, Route>> {
  const { agent, clock, history, explain } = context;
  const events = createEvents(agent, clock);
  const inTurn = createTurns(clock);

  return {
    ...graphiteRoutes(context, inTurn),
    "/api/status": () => json(agent.status()),
    "/api/overview": () => json(overview(currentPaths(agent))),
    "/api/series": (asked) => {
      const limit = numberOf(asked, "limit", MAX_NODES);
      return json(agent.series({ match: asked.text("match"), limit }));
    },
    "/api/tree": (asked) => {
      const nodes = childrenOf(pathsOf(agent, history()), asked.text("prefix") ?? "");
      return json({ nodes: nodes.slice(0, MAX_NODES), total: nodes.length });
    },
    "/api/read": (asked) => {
      const paths = asked.all("path");
      if (paths.length > MAX_PATHS) throw new RangeError(`at most ${MAX_PATHS} paths at a time`);
      const { from, to } = rangeOf(asked, clock.now() / 1000);
      const points = Math.min(MAX_POINTS, numberOf(asked, "points", DEFAULT_POINTS));
      return inTurn(() => json(agent.range({ paths, from, to, points })));
    },
    "/api/explain": (asked) => {
      const path = asked.text("path") ?? "";
      if (path === "") return refusal(400, "which metric? add ?path=…");
      return inTurn(async () => json(await explain(path)));
    },
    "/api/outages": (asked) => {
      const { from, to } = rangeOf(asked, clock.now() / 1000);
      return json(agent.outages(from, to));
    },
    "/api/events": (asked) => stream(events.open(asked.all("path"))),
  };
}

/** Throws a RangeError where it is not a number. */
function numberOf(asked: Parameters, name: string, fallback: number): number {
  const text = asked.text(name);
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(`${name} is not a number: "${text.slice(0, 40)}"`);
}

/** The last hour where nothing is said. */
function rangeOf(asked: Parameters, now: number): { from: number; to: number } {
  const to = numberOf(asked, "to", now);
  return { from: numberOf(asked, "from", to - HOUR), to };
}
