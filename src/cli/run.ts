/** `run`: the daemon, in the order in which Diamond starts. */

import { resolveSettings } from "../config/resolve.ts";
import type { Settings } from "../config/settings.ts";
import { configError, messageOf } from "../core/errors.ts";
import type { Clock } from "../core/host.ts";
import type { Log } from "../core/log.ts";
import {
  type CommandSpec,
  configFlag,
  configPath,
  DEFAULT_CONFIG,
  type Flags,
  rootFlags,
  rootsOf,
} from "./command.ts";
import { formatProblem } from "../config/problems.ts";
import type { Identity, World } from "./world.ts";

export function runCommand(world: World, args: () => readonly string[]): CommandSpec {
  return {
    name: "run",
    summary: "Collect and ship metrics: the daemon",
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
    const { error, messages, pid } = await daemon.start(args);
    for (const message of messages) world.err.write(`${message}\n`);
    if (error !== "") throw configError(error);
    if (world.out.isTerminal) {
      world.out.write(`diamond-agent runs in the background as process ${pid}\n`);
    }
    return 0;
  }
  try {
    return await serve(world, flags);
  } catch (error) {
    await daemon.report(messageOf(error));
    throw error;
  }
}

async function serve(world: World, flags: Flags): Promise<number> {
  const { daemon, files } = world;
  const path = configPath(world, flags);
  let settings = await readSettings(world, path);
  refuseFatal(settings);
  const log = world.openLog(settings.log, flags.on("log-stdout"));

  const pidFile = files.absolute(flags.text("pidfile") ?? settings.server.pid_file);
  const usesPidFile = !flags.on("skip-pidfile");
  const writesPidFile = usesPidFile && !flags.on("foreground");
  if (usesPidFile) {
    const stale = daemon.checkPidFile(pidFile);
    if (stale !== undefined) {
      log.warn(`Removed the stale pid file "${pidFile}" of process ${stale}`);
    }
    await daemon.takeLock(pidFile);
    const identity = daemon.findIdentity(
      flags.text("user") ?? settings.server.user,
      flags.text("group") ?? settings.server.group,
    );
    if (writesPidFile) daemon.writePidFile(pidFile, identity);
    if (!flags.on("skip-change-user")) changeUser(world, identity, log);
  }
  const forget = () => writesPidFile && daemon.removePidFile(pidFile);

  const stopped = Promise.withResolvers<string>();
  try {
    const roots = { ...nonEmpty(settings.server), ...nonEmpty(rootsOf(flags)) };
    const host = world.host(roots);
    const agent = world.agent(host, log);
    settings = await readSettings(world, path, agent.own);
    tellLog(settings, log);
    await agent.start(settings);

    let signals = 0;
    daemon.onSignal(["SIGTERM", "SIGINT"], (signal) => {
      // Whoever asks twice does not want to wait for the last flush.
      if (++signals > 1) {
        forget();
        log.warn("Stopped at once: the last metrics may be lost");
        stopped.resolve("now");
        return;
      }
      log.info(`Stopping on ${signal}: the last flush may take ${settings.server.stop_timeout} s`);
      void agent.stop().then(() => stopped.resolve(signal), stopped.reject);
    });
    daemon.onSignal(["SIGHUP"], () => void reload());
    daemon.onSignal(["SIGUSR1", "SIGUSR2"], () => {});
    daemon.onStray((error) => log.error("An error that nobody caught; the agent goes on", error));

    let reloading: Promise<void> = Promise.resolve();
    const reload = (): Promise<void> =>
      reloading = reloading.then(async () => {
        try {
          const next = await readSettings(world, path, agent.own);
          refuseFatal(next);
          const changes = await agent.reload(next);
          settings = next;
          tellLog(next, log);
          log.info(
            `Configuration read again: ${
              changes.length === 0 ? "nothing has changed" : changes.join(", ")
            }`,
          );
        } catch (error) {
          log.error(`The configuration is not taken over, the old one stays: ${messageOf(error)}`);
        }
      });

    void watchFiles(() => settings, world, host.clock, reload);

    const { collections, workers } = agent.books();
    log.info(
      `diamond-agent ${world.stamp.version} runs ${collections.length} collectors into ${
        workers.map(({ name }) => name).join(", ")
      }`,
    );
    await daemon.report("");
    await stopped.promise;
    log.info("Stopped");
    return 0;
  } finally {
    forget();
    log.close();
  }
}

/** `collectors_reload_interval`: reloads when a file of the configuration has changed, come or gone. Ends with the process. */
async function watchFiles(
  settings: () => Settings,
  { files }: World,
  clock: Clock,
  reload: () => Promise<void>,
): Promise<void> {
  const signature = () => {
    const { files: read, directories } = settings();
    return JSON.stringify([read.map(files.signature), directories.map(files.list)]);
  };
  for (let known = signature(); settings().server.collectors_reload_interval > 0;) {
    await clock.sleep(settings().server.collectors_reload_interval * 1000);
    if (signature() === known) continue;
    await reload();
    known = signature();
  }
}

function readSettings(
  { files, catalogue }: World,
  path: string,
  own?: Parameters<typeof resolveSettings>[0]["own"],
): Promise<Settings> {
  return resolveSettings({ path, files, catalogue, own });
}

/** Where something keeps the agent from starting: all errors at once. */
function refuseFatal({ problems }: Settings): void {
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.some(({ fatal }) => fatal)) throw configError(errors.map(formatProblem).join("\n"));
}

function tellLog({ problems }: Settings, log: Log): void {
  for (const problem of problems) {
    if (problem.severity === "error" && !problem.harmless) log.error(formatProblem(problem));
    else log.warn(formatProblem(problem).replace(": error: ", ": "));
  }
}

function changeUser({ daemon }: World, identity: Identity, log: Log): void {
  if (identity.uid < 0 && identity.gid < 0) return;
  daemon.become(identity);
  log.info(
    `Runs as user ${identity.user || "unchanged"} (${identity.uid}), group ${
      identity.group || "of the user"
    } (${identity.gid})`,
  );
}

function nonEmpty(roots: object): { procfs?: string; sysfs?: string; rootfs?: string } {
  return Object.fromEntries(
    Object.entries(roots).filter(([name, value]) => /^(procfs|sysfs|rootfs)$/.test(name) && value),
  );
}
