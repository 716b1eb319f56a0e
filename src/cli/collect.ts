/** `collect`: runs collectors in this terminal and prints what they publish. */

import { singleRunner, unsupported } from "../agent/parts.ts";
import type { CollectorConfig } from "../agent/agent_contract.ts";
import type { CollectorRunner, Outcome } from "../agent/runner_contract.ts";
import type { Metrics } from "../core/collector.ts";
import type { Catalogue, PluginSource } from "../config/settings.ts";
import { messageOf } from "../core/errors.ts";
import type { Log } from "../ports/log.ts";
import { graphiteLine } from "../formats/graphite_line.ts";
import { jsonLine } from "../formats/metric_json.ts";
import {
  collectorSettings,
  type CommandSpec,
  configFlag,
  type Flags,
  rootFlags,
  rootsOf,
} from "./command.ts";
import { UsageError } from "./flags.ts";
import { allPlugins, findCollector, namesIn, sorted, unknownPlugin } from "./plugins.ts";
import { tellProblems } from "./problems_out.ts";
import type { World } from "./world.ts";

export function collectCommand(world: World): CommandSpec {
  return {
    name: "collect",
    summary: "Run collectors, enabled or not, and print their metrics",
    operands: "NAME…",
    args: {
      names: { type: "positional", required: false, description: "Collectors" },
      ...configFlag,
      all: { type: "boolean", description: "Every collector there is" },
      rounds: {
        type: "string",
        valueHint: "N",
        description: "Run N times and print each; absent: once, or twice where there are rates",
      },
      "round-interval-ms": {
        type: "string",
        valueHint: "M",
        description: "Milliseconds between rounds (default 1000)",
      },
      json: { type: "boolean", description: "One JSON object a line, with all fields" },
      ...rootFlags,
    },
    examples: [
      "diamond-agent collect LoadAverageCollector",
      "diamond-agent collect CPUCollector NetworkCollector --rounds 2",
      "diamond-agent collect ./my_collector.ts      one of your own; ./old_collector.py as well",
      "diamond-agent collect --all --json -c /etc/diamond/diamond.conf",
    ],
    notes:
      "Prints `path value timestamp`, and `# round K done` after each round; with --json nothing but JSON. Exit status 1: one of them failed.",
    run: (flags) => collect(world, flags),
  };
}

async function collect(world: World, flags: Flags): Promise<number> {
  const { paths, names: words } = await sorted(world, flags.words);
  const { catalogue, custom, source } = await allPlugins(world, flags, paths);
  try {
    const own = paths.flatMap((path) => namesIn(custom, path));
    // A file in Python may have collectors that its text does not name.
    const isOpen = custom.files.some(({ path }) => path.endsWith(".py"));
    const names = await collectorNames(catalogue, flags, words, own, isOpen);
    return await collectNamed(world, flags, names, source);
  } finally {
    await source.loader.close();
  }
}

async function collectNamed(
  world: World,
  flags: Flags,
  names: readonly string[],
  custom: PluginSource,
): Promise<number> {
  const interval = wholeNumber(flags, "round-interval-ms", 1000, 0);
  const settings = await collectorSettings(world, flags, names, custom);
  tellProblems(world.err, settings.problems);
  if (settings.problems.some(({ severity, fatal }) => severity === "error" && fatal)) return 1;

  const host = world.host(rootsOf(flags, settings.server));
  const log = stderrLog(world);
  custom.loader.logTo(log);
  let failed = settings.collectors.length < names.length;
  const runners: CollectorRunner[] = [];
  for (const part of settings.collectors) {
    const reason = unsupported(part, host);
    if (reason !== undefined) {
      world.err.write(`${reason}
`);
      failed = true;
    } else {
      runners.push(await singleRunner(part, host, log));
    }
  }
  // A rate needs two values: the first round is for them alone, unless rounds are asked for.
  const isAsked = flags.text("rounds") !== undefined;
  const rounds = wholeNumber(flags, "rounds", settings.collectors.some(hasRates) ? 2 : 1, 1);
  const isJson = flags.on("json");
  const show = isJson ? jsonLine : graphiteLine;
  for (let round = 1; round <= rounds; round++) {
    if (round > 1) await host.clock.sleep(interval);
    const isShown = isAsked || round === rounds;
    for (const runner of runners) {
      const { metrics, error, refusal }: Outcome = await runner.run(
        Math.floor(host.clock.now() / 1000),
      );
      if (isShown) world.out.write(metrics.map(show).join(""));
      else if (error === undefined) continue;
      if (refusal !== undefined) world.err.write(`${runner.name}: ${refusal}\n`);
      if (error !== undefined) {
        failed = true;
        world.err.write(`${runner.name}: ${messageOf(error)}\n`);
      }
    }
    if (isShown && !isJson) world.out.write(`# round ${round} done\n`);
  }
  for (const runner of runners) await runner.dispose();
  return failed ? 1 : 0;
}

function hasRates({ collector }: CollectorConfig): boolean {
  return Object.values(collector.metrics as Metrics).some(({ form }) => form !== "gauge");
}

/** Each word is a collector, an instance as `SNMPCollector router1`, or a file, whose collectors are in `own`. */
async function collectorNames(
  catalogue: Catalogue,
  flags: Flags,
  words: readonly string[],
  own: readonly string[],
  isOpen: boolean,
): Promise<string[]> {
  const known = Object.keys(catalogue.collectors);
  if (flags.on("all")) return known;
  if (flags.words.length === 0) {
    throw new UsageError("Which collector? `diamond-agent list` names them, --all takes every one");
  }
  return own.concat(
    await Promise.all(words.map(async (word) => {
      const [first, ...instance] = word.split(/\s+/);
      const found = await findCollector(catalogue, first);
      if (found === undefined && !isOpen) throw unknownPlugin("collector", first, known);
      return [found ?? first, ...instance].join(" ");
    })),
  );
}

function wholeNumber(flags: Flags, name: string, fallback: number, min: number): number {
  const text = flags.text(name);
  if (text === undefined) return fallback;
  if (!/^\d+$/.test(text) || Number(text) < min) {
    throw new UsageError(`--${name} needs a whole number from ${min} on, not "${text}"`);
  }
  return Number(text);
}

/** Errors are printed by the command itself, each once. */
function stderrLog({ err }: World): Log {
  return {
    debug: () => {},
    info: () => {},
    warn: (message) => err.write(`${message}\n`),
    error: () => {},
  };
}
