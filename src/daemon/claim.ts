/** What an agent has for itself alone: its pid file, its folders, its user. */

import type { Settings } from "../config/settings.ts";
import { configError, messageOf } from "../core/errors.ts";
import type { Log } from "../ports/log.ts";
import type { Identity } from "../ports/process.ts";
import type { DaemonControl, DaemonOptions } from "./contract.ts";
import { type ControlHandlers, listen } from "./control.ts";

const FOLDER_MODE = 0o750;

/** The user stays who it is. */
const NOBODY: Identity = { uid: -1, gid: -1, user: "", group: "" };

/**
 * Makes sure that this is the only instance, with its folders and its socket, and the right user.
 * Returns what takes pid file and socket away.
 */
export async function acquire(
  daemon: DaemonControl,
  options: DaemonOptions,
  settings: Settings,
  log: Log,
  control: ControlHandlers,
): Promise<() => void> {
  const { places } = options;
  const pidFile = places.pidFile(settings);
  if (options.pidFile !== "none") {
    const named = daemon.checkPidFile(pidFile, await daemon.takeLock(pidFile));
    if (named !== undefined) log.warn(`Removed the stale pid file "${pidFile}" of ${named}`);
  }
  const identity = identityOf(daemon, options, settings);
  await makeFolders(daemon, options, settings, identity, log);
  const writes = options.pidFile === "write";
  if (writes) daemon.writePidFile(pidFile, identity);
  const unlisten = await listen(daemon, places.socket(settings), identity, log, control);
  if (!options.keepsUser && (identity.uid >= 0 || identity.gid >= 0)) {
    daemon.become(identity);
    const { user, uid, group, gid } = identity;
    log.info(
      `Runs as user ${user || "unchanged"} (${uid}), group ${group || "of the user"} (${gid})`,
    );
  }
  return () => {
    unlisten();
    if (writes) daemon.removePidFile(pidFile);
  };
}

/** The state's folder, made where it is not there. Undefined where it cannot be. */
export function stateFolder(
  daemon: DaemonControl,
  options: DaemonOptions,
  settings: Settings,
): string | undefined {
  const folder = options.places.state(settings);
  if (folder === undefined) return undefined;
  try {
    daemon.makeFolder(folder, FOLDER_MODE, identityOf(daemon, options, settings));
    return folder;
  } catch {
    return undefined;
  }
}

/** Who the agent is to become. Throws `config` where there is no such user or group. */
function identityOf(
  daemon: DaemonControl,
  { pidFile, user, group }: DaemonOptions,
  { server }: Settings,
): Identity {
  if (pidFile === "none") return NOBODY;
  return daemon.findIdentity(user ?? server.user, group ?? server.group);
}

/** Those of the state and the spool. Throws `config` where another agent has the state's. */
async function makeFolders(
  daemon: DaemonControl,
  { places }: DaemonOptions,
  settings: Settings,
  owner: Identity,
  log: Log,
): Promise<void> {
  const state = places.state(settings);
  for (const folder of [state, places.spool(settings)]) {
    try {
      if (folder !== undefined) daemon.makeFolder(folder, FOLDER_MODE, owner);
    } catch (error) {
      log.debug(`Cannot make the folder "${folder}": ${messageOf(error)}`);
    }
  }
  if (state !== undefined && !await daemon.lockFolder(state)) {
    throw configError(
      `another agent runs with the state folder "${state}": give this one its own (state_path in [server])`,
    );
  }
}
