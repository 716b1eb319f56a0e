/** Whether the agent, as the user that it becomes, can write its log, pid file, spool and state. */

import { messageOf } from "../../core/errors.ts";
import type { Settings } from "../../config/settings.ts";
import { spoolPath, statePath } from "../command.ts";
import type { World } from "../world.ts";
import type { Tried } from "./connections.ts";

/** What is looked at as whoever starts the agent, and then as the user that it becomes. */
interface Paths {
  readonly lines: readonly Tried[];
  /** This process is the agent's user now, if it may be. */
  after(): Tried[];
}

/** What is not there yet is made before the agent becomes its user. From here on this process is that user. */
export function tryPaths(world: World, settings: Settings): Paths {
  const { server, log } = settings;
  const all: readonly (readonly [string, string | undefined])[] = [
    ["state", statePath(world, settings)],
    ["spool", spoolPath(world, settings)],
    ...log.outputs.map(({ to }) => ["log", to.kind === "file" ? to.path : undefined] as const),
  ];
  const named = all.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  const missing = named.filter(([, path]) => world.files.access(path) === undefined);
  const starter = [["pid file", server.pid_file] as const, ...missing]
    .map(([name, path]) => pathLine(world, name, path, "this user"));
  const { name: who, problem } = becomeAgent(world, settings);
  return {
    lines: problem === undefined ? starter : [problem, ...starter],
    after: () =>
      named.filter((entry) => !missing.includes(entry))
        .map(([name, path]) => pathLine(world, name, path, who)),
  };
}

function becomeAgent(
  { daemon }: World,
  { server: { user, group } }: Settings,
): { readonly name: string; readonly problem?: Tried } {
  if (user === "" && group === "") return { name: "this user" };
  try {
    daemon.become(daemon.findIdentity(user, group));
    return { name: user || `group ${group}` };
  } catch (error) {
    const what = `cannot look as ${user || group}: ${messageOf(error)}`;
    const todo = "run the check as root to see what the agent's user may do";
    return { name: "this user", problem: { name: "user", ok: false, what, todo } };
  }
}

function pathLine({ files }: World, name: string, path: string, who: string): Tried {
  const isFolder = files.access(path)?.directory ?? false;
  const reason = files.unwritable(isFolder ? `${path}/.check` : path);
  if (reason === undefined) return { name, ok: true, what: `${who} can write ${path}` };
  return {
    name,
    ok: false,
    what: `${who} cannot write ${path}: ${reason}`,
    todo: "give it to the agent's user, or name another path",
  };
}
