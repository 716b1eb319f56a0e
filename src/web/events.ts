/**
 * Server-sent events: new points of the series that a page shows, and the agent's status. One tap serves all pages,
 * and there is none while no page is open.
 */

import type { Agent } from "../agent/agent_contract.ts";
import type { Status } from "../agent/status.ts";
import type { Metric } from "../core/metric.ts";
import type { Clock } from "../ports/clock.ts";
import type { HttpServerResponse, StreamingPeer } from "../ports/http.ts";

/** The collectors of one tick end one after the other: their points go out together. */
const GATHER_MS = 150;
const STATUS_MS = 5000;
/** After a tap that could not be had. */
const RETRY_MS = 3000;

interface Viewer {
  readonly paths: ReadonlySet<string>;
  readonly peer: StreamingPeer;
}

interface Events {
  /** A stream of these series. */
  open(paths: readonly string[]): NonNullable<HttpServerResponse["stream"]>;
}

export function createEvents(agent: Agent, clock: Clock): Events {
  const viewers = new Set<Viewer>();
  let isRunning = false;
  let statusAt = -Infinity;
  let lastStatus = "";

  function wants(path: string): boolean {
    for (const { paths } of viewers) if (paths.has(path)) return true;
    return false;
  }

  async function run(): Promise<void> {
    isRunning = true;
    let tap: number | undefined;
    while (viewers.size > 0) {
      try {
        const answer = await agent.taps.ask(tap === undefined ? { wants } : { tap });
        tap = answer.tap;
        sendPoints(answer.metrics);
        sendStatus();
        await clock.sleep(GATHER_MS);
      } catch {
        tap = undefined;
        await clock.sleep(RETRY_MS);
      }
    }
    isRunning = false;
    if (tap !== undefined) agent.taps.end(tap);
  }

  function sendPoints(metrics: readonly Metric[]): void {
    const byTime = Map.groupBy(metrics, ({ timestamp }) => timestamp);
    for (const { paths, peer } of viewers) {
      for (const [time, points] of byTime) {
        const wanted = points.filter(({ series }) => paths.has(series.path));
        if (wanted.length > 0) peer.send(event("points", { time, values: valuesOf(wanted) }));
      }
    }
  }

  function sendStatus(): void {
    const now = clock.monotonic();
    if (now - statusAt < STATUS_MS) return;
    statusAt = now;
    const status = agent.status();
    const text = JSON.stringify(lasting(status));
    if (text === lastStatus) return;
    lastStatus = text;
    const message = event("status", status);
    for (const { peer } of viewers) peer.send(message);
  }

  return {
    open: (paths) => (peer) => {
      const viewer = { paths: new Set(paths), peer };
      viewers.add(viewer);
      peer.send(event("status", agent.status()));
      if (!isRunning) void run();
      return () => viewers.delete(viewer);
    },
  };
}

function event(name: string, value: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}

/** With the decimals that handlers write. */
function valuesOf(metrics: readonly Metric[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    metrics.map(({ series: { path, precision }, value }) => [
      path,
      Number(value.toFixed(precision)),
    ]),
  );
}

/** Without what is another one each time. */
function lasting({ now: _now, cpu: _cpu, rss: _rss, ...rest }: Status): Partial<Status> {
  return rest;
}
