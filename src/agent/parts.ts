/** The parts of an agent, as the configuration has them: collectors that can run here, and backends. */

import { systemsOf } from "../core/collector.ts";
import type { Host } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { CollectorConfig, HandlerConfig, RunningCollector } from "./agent_contract.ts";
import { createCollectorRunner } from "./collector_runner.ts";
import { createHostnameResolver } from "./hostname.ts";
import type { CollectorRunner } from "./runner_contract.ts";

/** Why a collector cannot work on this system; undefined where it can. */
export function unsupported(
  { section, collector }: CollectorConfig,
  { system }: Host,
): string | undefined {
  const systems = systemsOf(collector);
  return systems.includes(system)
    ? undefined
    : `${section} is not on this system (${system}), only on ${systems.join(", ")}`;
}

/** One collection, outside of any schedule: for `collect`. */
export async function singleRunner(
  part: CollectorConfig,
  host: Host,
  log: Log,
): Promise<CollectorRunner> {
  return (await singleCollector(part, host, log)).runner;
}

/** The same, with what it was made of. */
export async function singleCollector(
  part: CollectorConfig,
  host: Host,
  log: Log,
): Promise<RunningCollector> {
  const hostname = await createHostnameResolver(host).resolve(
    part.options,
    part.origins.has("hostname"),
  );
  return { part, hostname, runner: createCollectorRunner(part, hostname, 0, host, log) };
}

/** One part for each backend of a handler, named after both. */
export function backendsOf(part: HandlerConfig): HandlerConfig[] {
  const backends = part.handler.expand?.(part.options);
  return backends?.map(({ backend, options }) => ({
    ...part,
    section: `${part.section} ${backend}`,
    options,
  })) ?? [part];
}
