/** Supervises the running agent: handles signals, reloads and control requests. */

import type { Agent } from "../agent/agent_contract.ts";
import type { AgentState } from "../agent/self_metrics.ts";
import { createRetry } from "../agent/retry.ts";
import type { Host } from "../ports/host.ts";
import type { ConfigFiles } from "../ports/local_files.ts";
import type { Log } from "../ports/log.ts";
import type { Configuration } from "./configuration.ts";
import type { DaemonControl } from "./contract.ts";
import type { ControlHandlers } from "./control.ts";
import { createPageServer } from "./page.ts";
import { tellSilence } from "./silence.ts";
import { createWatch, logProblems } from "./watch.ts";
import { watchdog } from "./watchdog.ts";

const ASKED_ONCE_MS = 500;

interface Supervised {
  readonly daemon: DaemonControl;
  readonly files: ConfigFiles;
  readonly version: string;
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
  /** Where the page is served, instead of where the configuration says. */
  readonly page?: string;
}

/** Runs the agent until a signal ends it. */
export async function superviseAgent(supervised: Supervised): Promise<void> {
  const { daemon, files, agent, host, log, places, configuration, tell, release, control } =
    supervised;
  const page = createPageServer({ agent, host, log, control, address: supervised.page });
  const servePage = () => page.apply(configuration.settings.server);
  logProblems(configuration.settings, log);
  const stopped = Promise.withResolvers<void>();

  const manager = watchdog(daemon.serviceManager(), agent, host.clock, log);
  const { reload, watch } = createWatch({
    ...{ agent, configuration, manager, log },
    clock: host.clock,
    takenOver: servePage,
  });

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
    // Its history is closed with the handlers.
    void page.close().catch(() => {});
    void agent.stop().then(stopped.resolve, stopped.reject);
  });
  daemon.onSignal(["SIGHUP"], () => void reload().then(() => watch(), () => {}));
  daemon.onSignal(["SIGUSR1", "SIGUSR2"], () => {});
  daemon.onStray((error) => log.error("An error that nobody caught; the agent goes on", error));

  control.reload = async () => {
    const changes = await reload();
    watch();
    return changes;
  };

  const silentAtStart = tellSilence(files, log, tell);
  await agent.start(configuration.settings);
  watch();
  if (control.listenAgain) createRetry(host.clock, control.listenAgain).start();
  const { pending } = configuration.settings.custom;
  for (const late of [pending, ...silentAtStart()]) {
    void late?.catch(() => {}).then(() => asked === undefined ? reload() : undefined).catch(
      () => {},
    );
  }
  void servePage();
  tellStart(agent.state(), supervised);
  await daemon.report("", places);
  await manager.ready();
  await stopped.promise;
  await page.close();
  log.info("Stopped");
}

/** What runs, and what of the configuration does not; what the configuration's own problems say is not said again. */
function tellStart(
  { runners, workers, missing }: AgentState,
  { version, log, configuration, tell }: Supervised,
): void {
  const told = configuration.settings.leftOut.map(({ section }) => section);
  const others = missing.filter(({ section }) => !told.includes(section));
  const lines = others.map(({ section, reason }) => `${section} does not run: ${reason}`);
  tell(lines);
  for (const line of lines) log.warn(line);
  const names = workers.map(({ name }) => name).join(", ");
  log.info(`diamond-agent ${version} runs ${runners.length} collectors into ${names}`);
}
