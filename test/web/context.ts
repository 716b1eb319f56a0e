/** An agent as the routes of the page see it. */

import type { Agent } from "../../src/agent/agent_contract.ts";
import { Taps } from "../../src/agent/taps.ts";
import type { Metric } from "../../src/core/metric.ts";
import type { History } from "../../src/ports/history.ts";
import type { WebContext } from "../../src/web/context.ts";
import { createFakeClock } from "../harness/fake_clock.ts";

export function fakeContext(
  paths: readonly string[] = [],
  history?: Partial<History>,
  agent: Partial<Agent> = {},
) {
  const clock = createFakeClock();
  const taps = new Taps(clock);
  const counts = { status: 0 };
  const emitted = () => paths.map((path) => ({ series: { path } }));
  const context = {
    clock,
    history: () => history as History | undefined,
    explain: (path: string) => Promise.resolve({ title: path }),
    agent: {
      taps,
      state: () => ({ runners: [{ name: "One", emitted }] }),
      status: () => ({ now: clock.now(), rss: 1, cpu: 1, count: counts.status }),
      ...agent,
    } as unknown as Agent,
  } satisfies WebContext;
  return { context, clock, taps, counts };
}

export function metric(path: string, value: number, timestamp: number): Metric {
  return { series: { path, precision: 2 }, value, timestamp } as Metric;
}
