/** `top`: a running agent and its host in this terminal. */

import { configError } from "../../core/errors.ts";
import type { ControlRequest } from "../../ports/process.ts";
import { plainFrame } from "../../view/top/screen.ts";
import { initialState } from "../../view/top/state.ts";
import { glyphsFor } from "../../view/top/text.ts";
import { parseTime } from "../../view/top/times.ts";
import type { CommandSpec, Flags } from "../command.ts";
import { UsageError } from "../flags.ts";
import { agentSocket, socketFlags, unanswered } from "../status.ts";
import type { World } from "../world.ts";
import { Feed } from "./feed.ts";
import { live } from "./live.ts";
import { painted } from "./paint.ts";

const DEFAULT_SECONDS = 2;
const MIN_SECONDS = 0.2;

export function topCommand(world: World): CommandSpec {
  return {
    name: "top",
    summary: "Watch the running agent and its host in this terminal",
    args: {
      at: {
        type: "string",
        valueHint: "TIME",
        description: "Begin at this time of the history: 03:12, -2h, 2026-11-28T03:12",
      },
      match: {
        type: "string",
        valueHint: "GLOB",
        description: "Metrics that match, or contain these words",
      },
      interval: {
        type: "string",
        valueHint: "SECONDS",
        description: `Between two looks at the agent (default ${DEFAULT_SECONDS})`,
      },
      once: { type: "boolean", description: "Print all of it once, as without a terminal" },
      ascii: { type: "boolean", description: "Draw with ASCII alone" },
      ...socketFlags,
    },
    examples: [
      "diamond-agent top",
      "diamond-agent top --at 03:12                 what was it like then? ← and → step",
      "diamond-agent top --match '*.cpu.total.*'",
      "diamond-agent top --once | less",
    ],
    notes:
      "? lists the keys. It reads only. The past needs HistoryHandler. Where stdout is not a terminal it prints all of it once. Exit status 3: no agent runs there; 4: this user may not ask it.",
    run: (flags) => top(world, flags),
  };
}

async function top(world: World, flags: Flags): Promise<number> {
  const { daemon, out } = world;
  const { clock } = world.host({});
  const port = await world.screen();
  const interval = secondsOf(flags) * 1000;
  const at = timeOf(flags, clock.now() / 1000);
  const state = initialState({ at, filter: flags.text("match") });
  try {
    const path = await agentSocket(world, flags);
    const feed = new Feed((request: ControlRequest) => daemon.ask(path, request));
    const model = await feed.model({ state, now: clock.now() / 1000, hasMetrics: true });
    if (at !== undefined && !model.hasHistory) {
      throw configError(
        `cannot show ${flags.text("at")}: this agent keeps no history. ` +
          "Add HistoryHandler to [server] handlers, and reload",
      );
    }
    const glyphs = glyphsFor(flags.on("ascii") || !port.unicode);
    if (flags.on("once") || !port.isThere) {
      const lines = plainFrame(model, state, out.columns, glyphs);
      out.write(lines.map((line) => `${painted(line, out.colours).trimEnd()}\n`).join(""));
      return 0;
    }
    await live(port.open, { feed, clock, glyphs, colours: out.colours, interval }, {
      model,
      state,
    });
    return 0;
  } catch (error) {
    return unanswered(world, error);
  }
}

function secondsOf(flags: Flags): number {
  const text = flags.text("interval") ?? `${DEFAULT_SECONDS}`;
  const seconds = Number(text);
  if (text.trim() !== "" && seconds >= MIN_SECONDS && Number.isFinite(seconds)) return seconds;
  throw new UsageError(`--interval needs seconds from ${MIN_SECONDS} on, not "${text}"`);
}

/** Seconds since the epoch; undefined: now. */
function timeOf(flags: Flags, now: number): number | undefined {
  const text = flags.text("at");
  if (text === undefined) return undefined;
  const time = parseTime(text, now);
  if (time === undefined) {
    throw new UsageError(`--at needs a time such as 03:12, -2h or 2026-11-28T03:12, not "${text}"`);
  }
  if (time > now) throw new UsageError(`--at ${text} is in the future`);
  return time;
}
