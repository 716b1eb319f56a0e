/** `tap`: prints points as they pass, until the reader goes away or enough have come. */

import type { ControlRequest, TapAnswer } from "../ports/process.ts";
import type { CommandSpec, Flags } from "./command.ts";
import { count } from "../formats/figures.ts";
import { UsageError } from "./flags.ts";
import { agentSocket, socketFlags, unanswered } from "./status.ts";
import type { World } from "./world.ts";

export function tapCommand(world: World): CommandSpec {
  return {
    name: "tap",
    summary: "Print points as they are delivered: path, value, timestamp",
    args: {
      match: {
        type: "string",
        valueHint: "GLOB",
        description: "Only paths that match, or contain these words",
      },
      handler: {
        type: "string",
        valueHint: "NAME",
        description: "What this handler's backend has taken; absent: what all handlers get",
      },
      count: { type: "string", valueHint: "N", description: "End after so many points" },
      json: { type: "boolean", description: "One JSON object a line, with all fields" },
      ...socketFlags,
    },
    examples: [
      "diamond-agent tap",
      "diamond-agent tap --match '*.cpu.total.*' --count 20",
      "diamond-agent tap --handler GraphiteHandler --json | jq .path",
    ],
    notes:
      "In GLOB * takes dots as well. Where points come faster than they are read some are lost, which is said on stderr. Exit status 3: no agent runs there; 4: this user may not ask it.",
    run: (flags) => tap(world, flags),
  };
}

async function tap(world: World, flags: Flags): Promise<number> {
  const { daemon, out, err } = world;
  const wanted = {
    ask: "tap",
    match: flags.text("match"),
    handler: flags.text("handler"),
    json: flags.on("json"),
  } as const;
  let left = wholeCount(flags);
  let id: number | undefined;
  try {
    const path = await agentSocket(world, flags);
    const ask = async (request: ControlRequest) => await daemon.ask(path, request) as TapAnswer;
    while (left > 0) {
      const answer = await ask({ ...wanted, tap: id });
      id = answer.tap;
      const lines = answer.lines.slice(0, left);
      left -= lines.length;
      out.write(lines.join(""));
      if (answer.lost > 0) {
        err.write(`diamond-agent: ${count(answer.lost)} points lost: they are not read in time\n`);
      }
    }
    await ask({ ask: "tap", tap: id, end: true });
    return 0;
  } catch (error) {
    return unanswered(world, error);
  }
}

function wholeCount(flags: Flags): number {
  const text = flags.text("count");
  if (text === undefined) return Infinity;
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(`--count needs a whole number from 1 on, not "${text}"`);
}
