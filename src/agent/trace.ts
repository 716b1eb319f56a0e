/** One more run of a collector, on a host that remembers what is read: where its values come from. */

import { messageOf } from "../core/errors.ts";
import { silentLog } from "../ports/log.ts";
import type { Source, TracedHost } from "../ports/trace.ts";
import type { RunningCollector } from "./agent_contract.ts";
import { createCollectorRunner } from "./collector_runner.ts";

export interface Trace {
  readonly sources: readonly Source[];
  /** What was emitted for a path, before any rate was taken. */
  raw(path: string): number | bigint | undefined;
  /** Why the run failed. */
  readonly error?: string;
}

/** The collector at work does not see it: it has a state and an emitter of its own. */
export async function traceCollector(
  { part, hostname }: RunningCollector,
  { host, sources }: TracedHost,
): Promise<Trace> {
  const runner = createCollectorRunner(part, hostname, 0, host, silentLog);
  const { metrics, error } = await runner.run(Math.floor(host.clock.now() / 1000));
  const raw = new Map<string, number | bigint>();
  for (const { series, value, raw: total } of metrics) raw.set(series.path, total ?? value);
  for (const { series, samples } of runner.emitted()) {
    const last = samples.at(-1);
    if (last !== undefined) raw.set(series.path, last.value);
  }
  await runner.dispose();
  return {
    sources: sources(),
    raw: (path) => raw.get(path),
    error: error === undefined ? undefined : messageOf(error),
  };
}
