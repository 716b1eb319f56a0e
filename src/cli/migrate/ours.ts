/** What this agent would publish: its collectors, run for a while in this process. */

import { singleCollector, unsupported } from "../../agent/parts.ts";
import { collectorFact } from "../../agent/facts.ts";
import type { RunningCollector } from "../../agent/agent_contract.ts";
import type { Settings } from "../../config/settings.ts";
import { messageOf } from "../../core/errors.ts";
import type { Host } from "../../ports/host.ts";
import { silentLog } from "../../ports/log.ts";
import type { OurSeries } from "../../view/migration.ts";
import { Observations } from "../../view/observed.ts";

/** Rounds at most every so many seconds; three of them show whether a value stands still. */
const ROUND_SECONDS = 10;
const MIN_ROUNDS = 3;

export interface Ours {
  readonly series: readonly OurSeries[];
  /** What their paths begin with, but for the collector's component. */
  readonly begins: readonly string[];
  /** Why a collector has no data, by its section. */
  readonly failures: ReadonlyMap<string, string>;
}

/** `show`: after each round, the part that is done. */
export async function observeOurs(
  settings: Settings,
  host: Host,
  seconds: number,
  show: (part: number) => void,
): Promise<Ours> {
  const failures = new Map<string, string>();
  const able = settings.collectors.filter((part) => {
    const why = unsupported(part, host);
    if (why !== undefined) failures.set(part.section, why);
    return why === undefined;
  });
  const running = await Promise.all(able.map((part) => singleCollector(part, host, silentLog)));
  const seen = new Observations();
  const pause = Math.min(ROUND_SECONDS, seconds / (MIN_ROUNDS - 1));
  const rounds = Math.max(MIN_ROUNDS, Math.floor(seconds / pause) + 1);
  for (let round = 1; round <= rounds; round++) {
    if (round > 1) await host.clock.sleep(pause * 1000);
    await Promise.all(running.map((one) => runOnce(one, host, seen, failures)));
    show(round / rounds);
  }
  const facts = running.map((one) => ({ one, fact: collectorFact(one, host.clock) }));
  const series = facts.flatMap(({ fact }) =>
    [...fact.series()].map(({ path, name, form, unit, allowed }) => ({
      ...{ path, name, form, unit, allowed, className: fact.className },
      observed: seen.of(path),
    }))
  );
  for (const { one } of facts) await one.runner.dispose();
  const begins = facts.flatMap(({ fact: { begins: [host, instance], hasNode } }) => [
    hasNode ? host.replace(/\.?[^.]*$/, "") : host,
    instance,
  ]);
  return { series, begins: [...new Set(begins)].filter((begin) => begin !== ""), failures };
}

async function runOnce(
  { runner }: RunningCollector,
  host: Host,
  seen: Observations,
  failures: Map<string, string>,
): Promise<void> {
  const { metrics, error } = await runner.run(Math.floor(host.clock.now() / 1000));
  for (const { series, value } of metrics) seen.add(series.path, value);
  if (error === undefined) failures.delete(runner.name);
  else failures.set(runner.name, messageOf(error));
}
