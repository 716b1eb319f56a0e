/** `explain`: where a metric comes from and where it goes, or why it is not there. */

import type { RunningCollector } from "../agent/agent_contract.ts";
import { backendsOf, singleCollector, unsupported } from "../agent/parts.ts";
import { collectorStatus } from "../agent/collector_status.ts";
import { NO_STATE, ownCollectors } from "../agent/self_metrics.ts";
import { resolveSettings } from "../config/resolve.ts";
import type { CollectorSettings, Settings } from "../config/settings.ts";
import type { Metrics } from "../core/collector.ts";
import { messageOf } from "../core/errors.ts";
import { factsOf } from "../daemon/explain.ts";
import type { Host } from "../ports/host.ts";
import { silentLog } from "../ports/log.ts";
import { readOnly } from "../ports/read_only.ts";
import { explain } from "../view/explain.ts";
import type { Explanation } from "../view/explanation.ts";
import {
  type CommandSpec,
  configPath,
  flagRoots,
  type Flags,
  rootFlags,
  rootsOf,
} from "./command.ts";
import { UsageError } from "./flags.ts";
import { agentSocket, exitStatusOf, socketFlags } from "./status.ts";
import { paint, table } from "./text.ts";
import type { World } from "./world.ts";

const NOT_THERE = 1;
/** Between two runs, where no agent has made them: a rate needs both. */
const ROUND_MS = 1000;

export function explainCommand(world: World): CommandSpec {
  return {
    name: "explain",
    summary:
      "Explain a metric, collector or handler: where it comes from, where it goes, why it is not there",
    operands: "PATH|NAME",
    args: {
      path: {
        type: "positional",
        required: false,
        description: "A metric's path, a collector, a handler",
      },
      ...socketFlags,
      ...rootFlags,
      json: { type: "boolean", description: "As JSON" },
    },
    examples: [
      "diamond-agent explain servers.web1.cpu.total.user",
      "diamond-agent explain servers.web1.nginx.active_connections   why is it not there?",
      "diamond-agent explain GraphiteHandler                         why does nothing arrive?",
      "diamond-agent explain servers.web1.loadavg.01 --json",
    ],
    notes:
      "Asks the running agent. Without one it runs the collector in this terminal by the configuration, and says what it cannot know. Exit status 0: published, or nothing to correct; 1: not there, or failing.",
    async run(flags) {
      const [word, ...more] = flags.words;
      if (word === undefined) {
        throw new UsageError("Which metric? diamond-agent explain PATH, or a collector or handler");
      }
      const answer = await answerFor(world, flags, [word, ...more].join(" "));
      world.out.write(flags.on("json") ? `${JSON.stringify(answer)}\n` : textOf(world, answer));
      return answer.ok ? 0 : NOT_THERE;
    },
  };
}

function textOf({ out }: World, { title, verdict, ok, rows }: Explanation): string {
  const lines = rows.map(({ label, value, where }) => [
    label,
    where === undefined ? value : `${value}  (${where})`,
  ]);
  return `${paint(out, "bold", title)}\n${paint(out, ok ? "green" : "red", verdict)}\n\n${
    table(lines, "  ", out.columns)
  }`;
}

/** The agent's, or one that is made here where none runs. */
async function answerFor(world: World, flags: Flags, path: string): Promise<Explanation> {
  try {
    const socket = await agentSocket(world, flags);
    return await world.daemon.ask(socket, { ask: "explain", path }) as Explanation;
  } catch (error) {
    if (exitStatusOf(error) === undefined) throw error;
    world.err.write(
      `diamond-agent: ${messageOf(error)}; explained by the configuration alone\n`,
    );
  }
  return await explainHere(world, flags, path);
}

async function explainHere(world: World, flags: Flags, path: string): Promise<Explanation> {
  const { files, catalogue } = world;
  const loader = world.custom(flagRoots(flags));
  loader.logTo(silentLog);
  const own = ownCollectors(() => NO_STATE);
  try {
    const settings = await resolveSettings({
      ...{ path: configPath(world, flags), files, catalogue, own },
      custom: { loader },
    });
    const host = readOnly(world.host(rootsOf(flags, settings.server)));
    const started = host.clock.now();
    const collectors = await collectorsFor(settings, path, host);
    const now = host.clock.now();
    const answer = await explain(
      path,
      await factsOf(world, {
        settings,
        host,
        collectorStates: collectors.map(({ runner }) => collectorStatus(runner, now, started)),
        parts: {
          collectors,
          handlers: settings.handlers.flatMap(backendsOf).map((part) => ({ part })),
        },
      }),
    );
    for (const { runner } of collectors) await runner.dispose();
    return answer;
  } finally {
    await loader.close();
  }
}

/** Those that may be meant, after a run; after two where they have rates. */
async function collectorsFor(
  settings: Settings,
  path: string,
  host: Host,
): Promise<RunningCollector[]> {
  const able = settings.collectors.filter((part) => unsupported(part, host) === undefined);
  const meant = able.filter((part) => isMeant(part, path));
  const chosen = meant.length > 0 || !path.includes(".") ? meant : able;
  return await Promise.all(chosen.map(async (part) => {
    const one = await singleCollector(part, host, silentLog);
    const hasRates = Object.values(part.collector.metrics as Metrics).some(({ form }) =>
      form !== "gauge"
    );
    for (let round = 0; round < (hasRates ? 2 : 1); round++) {
      if (round > 0) await host.clock.sleep(ROUND_MS);
      await one.runner.run(Math.floor(host.clock.now() / 1000));
    }
    return one;
  }));
}

function isMeant({ section, options }: CollectorSettings, path: string): boolean {
  if (section === path) return true;
  const component = options.path.replace(/^\.$/, "");
  return component !== "" && `.${path}.`.includes(`.${component}.`);
}
