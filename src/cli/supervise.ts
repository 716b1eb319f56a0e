/** Supervises the running agent: handles signals, reloads and control requests. */

import type { Agent } from "../agent/agent_contract.ts";
import { createRetry } from "../agent/retry.ts";
import { located } from "../config/problems.ts";
import type { Settings } from "../config/settings.ts";
import { linesOf } from "../core/errors.ts";
import type { Configuration } from "../daemon/configuration.ts";
import { watchdog } from "../daemon/watchdog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Host } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { ControlRequest } from "../ports/process.ts";
import type { World } from "./world.ts";

const ASKED_ONCE_MS = 500;

interface Supervised {
  readonly world: World;
  readonly agent: Agent;
  readonly host: Host;
  readonly log: Log;
  /** Where the log goes, for people. */
  readonly places: readonly string[];
  readonly configuration: Configuration;
  /** On the terminal that the agent was started from. */
  tell(lines: readonly string[]): void;
  /** Removes the pid file. */
  release(): void;
  readonly control: ControlHandlers;
}

/** What the agent's own commands reach; the reload is put in once there is something to reload. */
export interface ControlHandlers {
  answer(request: ControlRequest): unknown;
  /** Opens the socket that could not be opened; returns whether it is to be tried again. */
  listenAgain?(): Promise<boolean>;
  /** What has changed. Throws why nothing was taken over. */
  reload(): Promise<string[]>;
}

/** Runs the agent until a signal ends it. */
export async function superviseAgent(
  { world, agent, host, log, places, configuration, tell, release, control }: Supervised,
): Promise<void> {
  const { daemon } = world;
  /** A file that changes while the agent starts has changed as well. */
  const begun = configuration.version();
  tellLog(configuration.settings, log);
  const stopped = Promise.withResolvers<void>();

  const manager = watchdog(daemon.serviceManager(), agent, host.clock, log);

  const stopTimeout = () => configuration.settings.server.stop_timeout;
  let asked: number | undefined;
  daemon.onSignal(["SIGTERM", "SIGINT"], (signal) => {
    const now = host.clock.monotonic();
    // A second signal stops the agent without waiting for the last flush. A supervisor that signals both
    // the group and the process counts as one request.
    if (asked !== undefined) {
      if (now - asked < ASKED_ONCE_MS) return;
      release();
      log.warn("Stopped at once: the last metrics may be lost");
      return stopped.resolve();
    }
    asked = now;
    log.info(`Stopping on ${signal}: the last flush may take ${stopTimeout()} s`);
    void manager.stopping();
    void agent.stop().then(stopped.resolve, stopped.reject);
  });
  daemon.onSignal(["SIGHUP"], () => void reload().then(() => watch(), () => {}));
  daemon.onSignal(["SIGUSR1", "SIGUSR2"], () => {});
  daemon.onStray((error) => log.error("An error that nobody caught; the agent goes on", error));

  let reloading: Promise<unknown> = Promise.resolve();
  const reload = (): Promise<string[]> => {
    const mine = reloading.catch(() => {}).then(async () => {
      try {
        void manager.reloading();
        const changes = await configuration.reload(agent.reload);
        tellLog(configuration.settings, log);
        log.info(`Configuration read again: ${changes.join(", ") || "nothing has changed"}`);
        return changes;
      } catch (error) {
        for (const line of linesOf(error)) {
          log.error(`The configuration is not taken over, the old one stays: ${line}`);
        }
        throw error;
      } finally {
        void manager.ready();
      }
    });
    reloading = mine.catch(() => {});
    return mine;
  };
  control.reload = async () => {
    const changes = await reload();
    watch();
    return changes;
  };

  let watching: Promise<void> | undefined;
  const watch = (known?: string) => {
    watching ??= watchFiles(configuration, host.clock, reload, known).finally(() =>
      watching = undefined
    );
  };

  await agent.start(configuration.settings);
  watch(begun);
  if (control.listenAgain) createRetry(host.clock, control.listenAgain).start();
  void configuration.settings.custom.pending?.catch(() => {}).then(() => {
    if (asked === undefined) return reload();
  }).catch(() => {});
  const { runners, workers, missing } = agent.state();
  const { leftOut } = configuration.settings;
  const told = leftOut.map(({ section }) => section);
  const others = missing.filter(({ section }) => !told.includes(section));
  const lines = others.map(({ section, reason }) => `${section} does not run: ${reason}`);
  tell(lines);
  for (const line of lines) log.warn(line);
  const names = workers.map(({ name }) => name).join(", ");
  log.info(
    `diamond-agent ${world.buildInfo.version} runs ${runners.length} collectors into ${names}`,
  );
  await daemon.report("", places);
  await manager.ready();
  await stopped.promise;
  log.info("Stopped");
}

/** `collectors_reload_interval`: reloads when the version is not as `known` says any more. Ends when the interval is 0. */
async function watchFiles(
  configuration: Configuration,
  clock: Clock,
  reload: () => Promise<unknown>,
  known = configuration.version(),
): Promise<void> {
  const seconds = () => configuration.settings.server.collectors_reload_interval;
  while (seconds() > 0) {
    await clock.sleep(seconds() * 1000);
    if (configuration.version() === known) continue;
    await reload().catch(() => {});
    known = configuration.version();
  }
}

function tellLog(settings: Settings, log: Log): void {
  for (const problem of settings.problems) {
    const isError = problem.severity === "error" && !problem.harmless;
    log[isError ? "error" : "warn"](located(problem, problem.message));
  }
}
