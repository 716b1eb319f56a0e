/** `test`: runs a collector on what was recorded, and compares what it publishes. */

import { singleRunner } from "../agent/parts.ts";
import type { CollectorRunner, Outcome } from "../agent/runner_contract.ts";
import { codeOf, configError, messageOf } from "../core/errors.ts";
import type { RecordedHost } from "../ports/host.ts";
import { silentLog } from "../ports/log.ts";
import { graphiteLine } from "../formats/graphite_line.ts";
import { type CommandSpec, configFlag } from "./command.ts";
import { recordingOf } from "./recordings.ts";
import { paint } from "./text.ts";
import type { World } from "./world.ts";

export function testCommand(world: World): CommandSpec {
  return {
    name: "test",
    summary: "Run a collector on a recording, and compare with what it published",
    operands: "NAME DIR",
    args: {
      words: { type: "positional", required: false, description: "NAME|FILE DIR" },
      update: {
        type: "boolean",
        description: "Write DIR/metrics.txt again: look at the difference",
      },
      ...configFlag,
    },
    examples: [
      "diamond-agent test ./queue.ts test_queue",
      "diamond-agent test CPUCollector test_cpu --update",
    ],
    notes: "Exit status 1: it differs from DIR/metrics.txt, or failed.",
    async run(flags) {
      const { out, files } = world;
      const { part, directory, close } = await recordingOf(world, flags, "test");
      try {
        const host = world.recorded(directory);
        const runner = await singleRunner(part, host, silentLog);
        const { text, outcomes } = await runRecorded(runner, host);
        const failure = outcomes.find(({ error }) => error !== undefined)?.error;
        if (failure !== undefined) out.write(`${part.section}: ${messageOf(failure)}\n`);
        const golden = `${directory}/metrics.txt`;
        if (flags.on("update")) {
          world.writeFile(golden, text);
          out.write(`${golden}: ${text.split("\n").length - 1} lines written\n`);
          return 0;
        }
        if (files.access(golden) === undefined) {
          throw configError(`there is no "${golden}" yet: write it with --update, and read it`);
        }
        const differences = compare(files.read(golden), text);
        out.write(
          differences.map((line) => paint(out, line[0] === "-" ? "red" : "green", line) + "\n")
            .join(""),
        );
        out.write(
          differences.length === 0
            ? `${part.section} publishes what is in ${golden}\n`
            : `${differences.length} lines differ from ${golden}\n`,
        );
        return differences.length === 0 ? 0 : 1;
      } finally {
        await close();
      }
    },
  };
}

/** All that is published, round by round, as lines without the host and the time. */
export async function runRecorded(
  runner: CollectorRunner,
  host: RecordedHost,
): Promise<{ text: string; outcomes: Outcome[] }> {
  const outcomes: Outcome[] = [];
  let text = "";
  for (const second of host.rounds) {
    host.at(second);
    const outcome = await runner.run(second);
    outcomes.push(outcome);
    text += `# ${second}s${outcome.error === undefined ? "" : ` ${codeOf(outcome.error)}`}\n`;
    for (const metric of outcome.metrics) {
      const [path, value] = graphiteLine(metric).split(" ");
      text += `${path.replace(/^servers\.testhost\./, "")} ${value}\n`;
    }
  }
  return { text, outcomes };
}

/** Lines that are missing (-) and new (+), each round by itself. */
function compare(expected: string, actual: string): string[] {
  const [was, is] = [expected, actual].map((text) => {
    let round = "";
    return text.split("\n").filter((line) => line !== "").map((line) => {
      if (line.startsWith("#")) round = line;
      return line === round ? line : `${line}   ${round}`;
    });
  });
  return [
    ...was.filter((line) => !is.includes(line)).map((line) => `- ${line}`),
    ...is.filter((line) => !was.includes(line)).map((line) => `+ ${line}`),
  ];
}
