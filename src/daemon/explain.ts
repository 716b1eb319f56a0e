/** The facts that `explain` works with: those of the agent, and of its configuration. */

import type { Agent, RunningParts } from "../agent/agent_contract.ts";
import type { CollectorStatus, HandlerStatus } from "../agent/status.ts";
import { diamondsName } from "../config/diamonds.ts";
import type { Settings } from "../config/settings.ts";
import type { Host } from "../ports/host.ts";
import type { Explanation, Facts } from "../view/explanation.ts";
import type { Configuration } from "./configuration.ts";
import type { DaemonPorts } from "./contract.ts";

/** A run that was made to see what is read answers for so long, so that asking often makes no work. */
const TRACE_MS = 60_000;

interface Explained {
  readonly ports: DaemonPorts;
  readonly agent: Agent;
  readonly host: Host;
  readonly configuration: Configuration;
}

/** Loads what it needs when somebody asks. */
export function createExplain(
  { ports, agent, host, configuration }: Explained,
): (word: string) => Promise<Explanation> {
  const traces = new Map<
    string,
    { readonly at: number; readonly trace: ReturnType<Facts["trace"]> }
  >();
  return async (word) => {
    const { explain } = await import("../view/explain.ts");
    const { settings } = configuration;
    const { collectors: collectorStates, handlers: handlerStates } = agent.status();
    const parts = agent.parts();
    const facts = await factsOf(ports, { settings, parts, collectorStates, handlerStates, host });
    const trace = (section: string) => {
      const now = host.clock.monotonic();
      const known = traces.get(section);
      if (known !== undefined && now - known.at < TRACE_MS) return known.trace;
      traces.clear();
      const fresh = facts.trace(section);
      traces.set(section, { at: now, trace: fresh });
      return fresh;
    };
    return await explain(word, { ...facts, trace });
  };
}

interface Known {
  readonly settings: Settings;
  readonly parts: RunningParts;
  readonly collectorStates: readonly CollectorStatus[];
  /** Absent where no agent runs. */
  readonly handlerStates?: readonly HandlerStatus[];
  readonly host: Host;
}

export async function factsOf(
  { catalogue, trace }: Pick<DaemonPorts, "catalogue" | "trace">,
  { settings, parts, collectorStates, handlerStates, host }: Known,
): Promise<Facts> {
  const { collectorFact, handlerOptions } = await import("../agent/facts.ts");
  const { leftOut, sections, file } = settings;
  return {
    now: host.clock.now(),
    collectorStates,
    handlerStates,
    collectors: parts.collectors.map((one) => collectorFact(one, host.clock)),
    handlers: new Map(parts.handlers.map(({ part }) => [part.section, handlerOptions(part)])),
    leftOut: new Map(leftOut.map(({ section, reason }) => [section, reason])),
    sections: new Map([...sections].map(([name, at]) => [name, `${at.file}:${at.line}`])),
    file,
    classOf: classes(catalogue.paths ?? {}),
    async trace(section) {
      const found = parts.collectors.find(({ part }) => part.section === section);
      if (found === undefined || found.part.collector.custom !== undefined) return undefined;
      const { traceCollector } = await import("../agent/trace.ts");
      return await traceCollector(found, await trace(host));
    },
  };
}

function classes(paths: Readonly<Record<string, string>>): Facts["classOf"] {
  return (component) => {
    if (Object.hasOwn(paths, component)) return { name: paths[component], isBuiltIn: true };
    const known = diamondsName(component);
    if (known?.kind !== "collector") return undefined;
    return { name: known.name, isBuiltIn: Object.values(paths).includes(known.name) };
  };
}
