/** What a reload has changed. */

import type { AnyCollector } from "../core/collector.ts";
import type { AnyHandler } from "../core/handler.ts";
import type { CollectorConfig, HandlerConfig } from "./agent_contract.ts";

/** A file of a user's that was changed makes another plugin of the same name. */
export function isSame(
  a: CollectorConfig | HandlerConfig,
  b: CollectorConfig | HandlerConfig,
): boolean {
  return pluginOf(a) === pluginOf(b) && JSON.stringify(a.options) === JSON.stringify(b.options);
}

function pluginOf(part: CollectorConfig | HandlerConfig): AnyCollector | AnyHandler {
  return "collector" in part ? part.collector : part.handler;
}

/** In words, for whoever asked for a reload. */
export function changes(
  before: ReadonlyMap<string, unknown> | undefined,
  after: ReadonlyMap<string, unknown>,
  what: string,
): string[] {
  const lines: string[] = [];
  for (const name of after.keys()) if (!before?.has(name)) lines.push(`${what} ${name} is new`);
  for (const [name, value] of before ?? []) {
    const now = after.get(name);
    if (now === undefined) lines.push(`${what} ${name} is gone`);
    else if (now !== value) lines.push(`${what} ${name} has changed`);
  }
  return lines;
}
