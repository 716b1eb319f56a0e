/** `status`: how the running agent is, asked of itself. */

import type { Status } from "../agent/status.ts";
import type { ArgsDef } from "citty";
import { emptySettings, resolveSettings } from "../config/resolve.ts";
import type { Settings } from "../config/settings.ts";
import { Failure, messageOf } from "../core/errors.ts";
import {
  type CommandSpec,
  configFlag,
  configPath,
  DEFAULT_CONFIG,
  type Flags,
  isOff,
  socketPath,
} from "./command.ts";
import { report } from "./status_text.ts";
import type { World } from "./world.ts";

export const socketFlags = {
  ...configFlag,
  pidfile: {
    type: "string",
    alias: ["p"],
    valueHint: "FILE",
    description: "As it was given to run",
  },
  socket: {
    type: "string",
    valueHint: "PATH",
    description: "Where the agent answers, instead of what the configuration says",
  },
} as const satisfies ArgsDef;

const DEGRADED = 1;
const NOT_RUNNING = 3;
const MAY_NOT_ASK = 4;

export function statusCommand(world: World): CommandSpec {
  return {
    name: "status",
    summary: "Show the state of the running agent: collectors, handlers, backlog",
    args: { ...socketFlags, json: { type: "boolean", description: "As JSON" } },
    examples: [
      "diamond-agent status",
      "diamond-agent status -c diamond.conf --json | jq .degraded",
    ],
    notes:
      "Without -c and without /etc/diamond/diamond.conf it asks at /var/run/diamond.sock. Exit status 0: healthy; 1: degraded; 3: no agent runs there; 4: this user may not ask it, or it answers nobody.",
    run: (flags) => status(world, flags),
  };
}

async function status(world: World, flags: Flags): Promise<number> {
  let answer: Status;
  try {
    answer = await world.daemon.ask(await agentSocket(world, flags), { ask: "status" }) as Status;
  } catch (error) {
    return unanswered(world, error);
  }
  world.out.write(flags.on("json") ? `${JSON.stringify(answer)}\n` : report(answer, world.out));
  return answer.degraded.length > 0 ? DEGRADED : 0;
}

/** Says why an agent could not be asked; returns the exit status. Throws what is another error. */
export function unanswered({ err }: World, error: unknown): number {
  const code = exitStatusOf(error);
  if (code === undefined) throw error;
  const what = code === NOT_RUNNING ? "not running" : "cannot be asked";
  err.write(`diamond-agent: ${what}: ${messageOf(error)}\n`);
  return code;
}

/** By what the system says of the socket; undefined where it is something else that went wrong. */
export function exitStatusOf(error: unknown): number | undefined {
  if (error instanceof Unanswered) return MAY_NOT_ASK;
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code = "" } = at as { code?: string };
    if (code === "EACCES" || code === "EPERM") return MAY_NOT_ASK;
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR") return NOT_RUNNING;
  }
  return undefined;
}

/** The agent has no socket to query. */
class Unanswered extends Failure {}

/** Where the agent is to be asked. Throws `config` where it has no socket. */
export async function agentSocket(world: World, flags: Flags): Promise<string> {
  const given = flags.text("socket");
  if (given !== undefined && !isOff(given)) return world.files.absolute(given);
  const path = socketPath(world, flags, await settingsFor(world, flags));
  if (path !== undefined) return path;
  throw new Unanswered("config", "The configuration has socket = off: the agent answers nobody");
}

/** Reads the configuration. Returns the defaults if none was named and the default file cannot be read. */
async function settingsFor(world: World, flags: Flags): Promise<Settings> {
  const { files, catalogue } = world;
  if (flags.text("configfile") === undefined && !isReadable(world, DEFAULT_CONFIG)) {
    return await emptySettings({ catalogue, only: [] });
  }
  const path = configPath(world, flags);
  if (!isReadable(world, path)) {
    throw new Unanswered("config", `This user may not read the configuration "${path}"`);
  }
  return await resolveSettings({ path, files, catalogue, only: [] });
}

function isReadable({ files }: World, path: string): boolean {
  try {
    files.read(path);
    return true;
  } catch {
    return false;
  }
}
