/** `run`: the daemon, in the order in which Diamond starts. */

import type { Agent } from "../agent/agent_contract.ts";
import { NO_STATE, ownCollectors } from "../agent/self_metrics.ts";
import { formatProblem } from "../config/problems.ts";
import { errorsIn, firstConfiguration } from "../daemon/configuration.ts";
import { resolveSettings } from "../config/resolve.ts";
import type { PluginSource, Settings } from "../config/settings.ts";
import type { StateStore } from "../agent/state.ts";
import { configError, configErrors, linesOf, messageOf } from "../core/errors.ts";
import type { Log } from "../ports/log.ts";
import type { LogPlan } from "../ports/log_plan.ts";
import type { ControlRequest, Identity } from "../ports/process.ts";
import type { Spools } from "../ports/spool.ts";
import {
  type CommandSpec,
  configFlag,
  configPath,
  DEFAULT_CONFIG,
  flagRoots,
  type Flags,
  pidFileOf,
  rootFlags,
  rootsOf,
  socketPath,
  spoolPath,
  statePath,
} from "./command.ts";
import { backgroundPlan, logPlaces, withoutTerminal } from "./log_place.ts";
import { type ControlHandlers, superviseAgent } from "./supervise.ts";
import type { World } from "./world.ts";

export function runCommand(world: World, args: () => readonly string[]): CommandSpec {
  return {
    name: "run",
    summary: "Run the agent: collect metrics and ship them",
    args: {
      ...configFlag,
      foreground: {
        type: "boolean",
        alias: ["f"],
        description: "Stay in this terminal; write no pid file",
      },
      "log-stdout": { type: "boolean", alias: ["l"], description: "Log to stdout too" },
      pidfile: {
        type: "string",
        alias: ["p"],
        valueHint: "FILE",
        description: "Instead of [server] pid_file",
      },
      user: {
        type: "string",
        alias: ["u"],
        valueHint: "NAME",
        description: "Instead of [server] user",
      },
      group: {
        type: "string",
        alias: ["g"],
        valueHint: "NAME",
        description: "Instead of [server] group",
      },
      "skip-pidfile": {
        type: "boolean",
        description: "Neither check nor write a pid file; keep the user",
      },
      "skip-change-user": { type: "boolean", description: "Keep the user" },
      debug: {
        type: "boolean",
        description: "Log everything, and check the ledgers after each tick",
      },
      "skip-fork": {
        type: "boolean",
        description: "Stay in this terminal, but write the pid file",
      },
      ...rootFlags,
    },
    examples: [
      "diamond-agent run -f -l -c diamond.conf          in this terminal",
      "diamond-agent run -c /etc/diamond/diamond.conf   in the background, as an init script wants it",
      "kill -HUP $(cat /var/run/diamond.pid)            read the configuration again",
    ],
    notes:
      `Without -c the configuration is ${DEFAULT_CONFIG}. Exit status 0: stopped by a signal; 1: could not start; 2: wrong usage.`,
    run: (flags) => run(world, flags, args()),
  };
}

async function run(world: World, flags: Flags, args: readonly string[]): Promise<number> {
  const { daemon } = world;
  const attached = flags.on("foreground") || flags.on("skip-fork");
  if (!attached && !daemon.isChild) {
    const { error, messages, pid, log } = await daemon.start(args);
    for (const message of messages) world.err.write(`${message}\n`);
    if (error !== "") throw configErrors(error.split("\n"));
    world.out.write(
      `diamond-agent runs in the background as process ${pid}\n` +
        `log: ${log.join(", ") || "none"}\n` +
        `how it is: diamond-agent status${asGiven(flags)}\n`,
    );
    return 0;
  }
  try {
    return await serve(world, flags);
  } catch (error) {
    await daemon.report(linesOf(error).join("\n"));
    throw error;
  }
}

/** The flag that leads another command to the same configuration. */
function asGiven(flags: Flags): string {
  const given = flags.text("configfile");
  return given === undefined ? "" : ` -c ${given}`;
}

async function serve(world: World, flags: Flags): Promise<number> {
  const path = configPath(world, flags);
  let agent: Agent | undefined;
  const loader = world.custom(flagRoots(flags));
  const own = ownCollectors(() => agent?.state() ?? NO_STATE, loader.figures);
  const keepsUser = flags.on("skip-pidfile") || flags.on("skip-change-user");
  const custom: PluginSource = {
    loader,
    user: keepsUser ? "" : flags.text("user"),
    group: keepsUser ? "" : flags.text("group"),
  };
  const { files, catalogue } = world;
  const configuration = await firstConfiguration({
    path,
    files,
    now: Date.now,
    resolve: ({ plugins, patience, ...how }) =>
      resolveSettings({
        path,
        files,
        catalogue,
        own,
        custom: plugins ? { ...custom, patience } : undefined,
        ...how,
      }),
  });
  const control: ControlHandlers = {
    reload: () => Promise.reject(new Error("The agent is still starting")),
    answer(request) {
      if (agent === undefined) throw new Error("The agent is still starting");
      return request.ask === "reload" ? control.reload() : handleControl(agent, request);
    },
  };
  const { settings } = configuration;
  world.daemon.tune(settings.server.memory);
  const plan = logPlan(world, flags, settings);
  const log = world.openLog(plan, flags.on("log-stdout"));
  const places = logPlaces(plan, flags.on("log-stdout"));
  loader.logTo(log);
  tellTerminal(world, errorsIn(settings).map(formatProblem), flags, plan);
  try {
    const release = await acquire(world, flags, settings, log, control);
    try {
      const roots = rootsOf(flags, settings.server);
      const host = world.host(roots);
      agent = world.agent({
        host,
        view: JSON.stringify(roots),
        log,
        spools: spoolsOf(world, settings),
        state: stateOf(world, settings),
        configuration: configuration.status,
        logPlaces: places,
        audit: flags.on("debug"),
      });
      const tell = (lines: readonly string[]) => tellTerminal(world, lines, flags, plan);
      await superviseAgent({
        ...{ world, agent, host, log, places, configuration, tell, release, control },
      });
      return 0;
    } finally {
      release();
    }
  } finally {
    await loader.close();
    log.close();
  }
}

/** The configuration's plan, as the flags and the background change it. */
function logPlan(world: World, flags: Flags, settings: Settings): LogPlan {
  const plan = flags.on("debug") ? withAllLevels(settings.log) : settings.log;
  if (flags.on("log-stdout")) return withoutTerminal(plan);
  return world.daemon.isChild ? backgroundPlan(plan, logFolder(world, flags, settings)) : plan;
}

/** The state's folder, made where it is not there. Undefined where it cannot be. */
function logFolder(world: World, flags: Flags, settings: Settings): string | undefined {
  const folder = statePath(world, settings);
  if (folder === undefined) return undefined;
  try {
    world.daemon.makeFolder(folder, FOLDER_MODE, identityOf(world, flags, settings));
    return folder;
  } catch {
    return undefined;
  }
}

/** Who the agent is to become. Throws `config` where there is no such user or group. */
function identityOf(world: World, flags: Flags, { server }: Settings): Identity {
  if (flags.on("skip-pidfile")) return NOBODY;
  return world.daemon.findIdentity(
    flags.text("user") ?? server.user,
    flags.text("group") ?? server.group,
  );
}

/** The same plan with nothing left out. */
function withAllLevels(plan: LogPlan): LogPlan {
  const outputs = plan.outputs.map((output) => ({ ...output, level: DEBUG }));
  return { ...plan, level: DEBUG, outputs };
}

/** Python's number for the level. */
const DEBUG = 10;

function spoolsOf(world: World, settings: Settings): Spools | undefined {
  const path = spoolPath(world, settings);
  const { server } = settings;
  return path === undefined ? undefined : world.spools({
    path,
    maxBytes: server.spool_max_bytes,
    maxAge: server.spool_max_age,
    sync: server.spool_sync,
  });
}

function stateOf(world: World, settings: Settings): StateStore | undefined {
  const path = statePath(world, settings);
  return path === undefined ? undefined : world.state(`${path}/state.json`);
}

/** What the agent's own commands ask for. */
function handleControl(agent: Agent, { ask, handler = "" }: ControlRequest): unknown {
  const known = () => agent.state().workers.map(({ name }) => name).join(", ");
  if (ask === "status") return agent.status();
  const done = ask === "hurry" ? agent.flushSpool(handler) : agent.dropSpool(handler);
  if (done === undefined || done === false) {
    throw configError(`The agent has no handler "${handler}", only ${known()}`);
  }
  return done;
}

/**
 * Makes sure that this is the only instance, with its folders and its socket, and the right user.
 * Returns what takes pid file and socket away.
 */
async function acquire(
  world: World,
  flags: Flags,
  settings: Settings,
  log: Log,
  control: ControlHandlers,
): Promise<() => void> {
  const { daemon } = world;
  const isMarked = !flags.on("skip-pidfile");
  const pidFile = pidFileOf(world, flags, settings);
  if (isMarked) {
    const named = daemon.checkPidFile(pidFile, await daemon.takeLock(pidFile));
    if (named !== undefined) log.warn(`Removed the stale pid file "${pidFile}" of ${named}`);
  }
  const identity = identityOf(world, flags, settings);
  await makeFolders(world, settings, identity, log);
  const writes = isMarked && !flags.on("foreground");
  if (writes) daemon.writePidFile(pidFile, identity);
  const unlisten = await listen(world, flags, settings, identity, log, control);
  if (!flags.on("skip-change-user") && (identity.uid >= 0 || identity.gid >= 0)) {
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

const FOLDER_MODE = 0o750;

/** Those of the state and the spool. Throws `config` where another agent has the state's. */
async function makeFolders(
  world: World,
  settings: Settings,
  owner: Identity,
  log: Log,
): Promise<void> {
  const state = statePath(world, settings);
  for (const folder of [state, spoolPath(world, settings)]) {
    try {
      if (folder !== undefined) world.daemon.makeFolder(folder, FOLDER_MODE, owner);
    } catch (error) {
      log.debug(`Cannot make the folder "${folder}": ${messageOf(error)}`);
    }
  }
  if (state !== undefined && !await world.daemon.lockFolder(state)) {
    throw configError(
      `Another agent runs with the state folder "${state}": give this one its own (state_path in [server])`,
    );
  }
}

/** The user stays who it is. */
const NOBODY: Identity = { uid: -1, gid: -1, user: "", group: "" };

/** An agent to which nobody can talk is still an agent. */
async function listen(
  world: World,
  flags: Flags,
  settings: Settings,
  identity: Identity,
  log: Log,
  control: ControlHandlers,
): Promise<() => void> {
  const path = socketPath(world, flags, settings);
  let close = () => {};
  if (path === undefined) return close;
  const open = async () => void (close = await world.daemon.serve(path, identity, control.answer));
  try {
    await open();
  } catch (error) {
    log.info(
      `status will not find this agent until it can listen at "${path}": ${messageOf(error)}`,
    );
    control.listenAgain = () => open().then(() => false, () => true);
  }
  return () => close();
}

/** What is wrong goes to the terminal, also where the agent runs in the background: what is valid runs. */
function tellTerminal(world: World, lines: readonly string[], flags: Flags, plan: LogPlan): void {
  const isAttached = flags.on("foreground") || flags.on("skip-fork");
  const isLoggedThere = flags.on("log-stdout") ||
    plan.outputs.some(({ to }) => to.kind === "stream");
  if (isAttached && isLoggedThere) return;
  for (const line of lines) world.daemon.complain(line);
}
