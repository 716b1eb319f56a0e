/** `record`: keeps what a collector reads of this host, so that it can be tested anywhere. */

import { singleRunner } from "../agent/parts.ts";
import { messageOf } from "../core/errors.ts";
import type { CollectorConfig } from "../agent/agent_contract.ts";
import type { Options } from "../core/option.ts";
import { secretsOf } from "../core/option/secret_kinds.ts";
import { silentLog } from "../ports/log.ts";
import { type CommandSpec, configFlag } from "./command.ts";
import { UsageError } from "./flags.ts";
import { recordingOf } from "./recordings.ts";
import type { World } from "./world.ts";

export function recordCommand(world: World): CommandSpec {
  return {
    name: "record",
    summary: "Keep what a collector reads and asks, to test it with",
    operands: "NAME DIR",
    args: {
      words: { type: "positional", required: false, description: "NAME|FILE DIR" },
      seconds: {
        type: "string",
        valueHint: "N",
        description: "Seconds between the two runs (default 10)",
      },
      ...configFlag,
    },
    examples: [
      "diamond-agent record CPUCollector test_cpu",
      "diamond-agent record ./queue.ts test_queue --seconds 60",
    ],
    notes:
      "Writes DIR/0s and DIR/10s: files, file systems, commands, and what other programs answered. Secrets\n" +
      "of the configuration are left out. Look at them before you give them away. `diamond-agent test NAME DIR` runs the collector on them.",
    async run(flags) {
      const text = flags.text("seconds") ?? "10";
      if (!/^[1-9]\d*$/.test(text)) {
        throw new UsageError(`--seconds needs a whole number from 1 on, not "${text}"`);
      }
      const { part, directory, close } = await recordingOf(world, flags, "record");
      try {
        let failed = false;
        // One collection for both: the second run has rates.
        let round = "0s";
        const secrets = collectorSecrets(part);
        const hosts = {
          "0s": world.recording(directory, "0s", secrets),
          [`${text}s`]: world.recording(directory, `${text}s`, secrets),
        };
        const now = () => hosts[round];
        const runner = await singleRunner(part, switching(now), silentLog);
        for (round of Object.keys(hosts)) {
          if (round !== "0s") await now().clock.sleep(Number(text) * 1000);
          const { metrics, error } = await runner.run(0);
          failed ||= error !== undefined;
          const what = error === undefined ? "" : `; ${messageOf(error)}`;
          world.out.write(`${directory}/${round}: ${metrics.length} metrics${what}\n`);
        }
        await runner.dispose();
        world.out.write(`Now: diamond-agent test ${flags.words.join(" ")} --update\n`);
        return failed ? 1 : 0;
      } finally {
        await close();
      }
    },
  };
}

/**
 * Secrets that must not be in a recording that is passed on. A default, such as the community `public`, is not a
 * secret.
 */
function collectorSecrets({ collector, options }: CollectorConfig): string[] {
  return secretValues(collector.options, options as Record<string, unknown>);
}

function secretValues(declared: Options, values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(declared).flatMap(([name, option]) => {
    const value = values[name];
    if (!(value instanceof Map)) return [...secretsOf(option, value)];
    return [...value.values()].flatMap((inner) =>
      option.fields === undefined
        ? option.one === undefined ? [] : [...secretsOf(option.one, inner)]
        : secretValues(option.fields, inner as Record<string, unknown>)
    );
  });
}

/** Whichever host it is now. */
function switching<T extends object>(now: () => T): T {
  return new Proxy({} as T, { get: (_, name) => now()[name as keyof T] });
}
