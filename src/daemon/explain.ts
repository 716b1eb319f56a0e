/** The facts that `explain` works with: those of the agent, and of its configuration. */

import type { Agent, RunningParts } from "../agent/agent_contract.ts";
import type { CollectorStatus, HandlerStatus } from "../agent/status.ts";
import { diamondsName } from "../config/diamonds.ts";
import type { Settings } from "../config/settings.ts";
import type { Clock } from "../ports/clock.ts";
import type { Host } from "../ports/host.ts";
import type { Explanation, Facts } from "../view/explanation.ts";
import type { Configuration } from "./configuration.ts";
import type { DaemonPorts } from "./contract.ts";

/** A run that was made to see what is read answers for so long. */
const TRACE_MS = 60_000;
/** Whoever asks does not wait longer for it: the next one may have it. */
const PATIENCE_MS = 4000;
/** Between two such runs, which never overlap. */
const PAUSE_MS = 500;
/** So many are kept, as they hold what was read, and so many may wait. */
const MAX_KNOWN = 8;

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
  const limited = limitTraces(host.clock);
  return async (word) => {
    const { explain } = await import("../view/explain.ts");
    const { settings } = configuration;
    const { collectors: collectorStates, handlers: handlerStates } = agent.status();
    const parts = agent.parts();
    const facts = await factsOf(ports, { settings, parts, collectorStates, handlerStates, host });
    return await explain(word, { ...facts, trace: (section) => limited(section, facts.trace) });
  };
}

type Run = Facts["trace"];

/** Asking often makes no work: few runs are made, and each answers for a while. */
function limitTraces(clock: Clock): (section: string, run: Run) => ReturnType<Run> {
  const known = new Map<string, { readonly at: number; readonly trace: ReturnType<Run> }>();
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (section, run) => {
    const now = clock.monotonic();
    const there = known.get(section);
    let trace = there !== undefined && now - there.at < TRACE_MS ? there.trace : undefined;
    if (trace === undefined) {
      if (waiting >= MAX_KNOWN) return Promise.resolve(undefined);
      waiting++;
      const mine = turn.then(() => run(section)).finally(() => waiting--);
      turn = mine.catch(() => {}).then(() => clock.sleep(PAUSE_MS));
      trace = mine;
      known.delete(section);
      known.set(section, { at: now, trace });
      if (known.size > MAX_KNOWN) known.delete(known.keys().next().value!);
    }
    return Promise.race([trace, clock.sleep(PATIENCE_MS).then(() => undefined)]);
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
    isBuiltIn(className) {
      const { collectors, handlers } = catalogue;
      if (Object.hasOwn(collectors, className) || Object.hasOwn(handlers, className)) return true;
      return diamondsName(className) === undefined ? undefined : false;
    },
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
