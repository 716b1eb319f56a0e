/** Takes over another configuration, on request and where its files have changed. */

import type { Agent } from "../agent/agent_contract.ts";
import { located } from "../config/problems.ts";
import type { Settings } from "../config/settings.ts";
import { linesOf } from "../core/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Configuration } from "./configuration.ts";
import type { Supervised } from "./watchdog.ts";

interface WatchSettings {
  readonly agent: Agent;
  readonly configuration: Configuration;
  readonly manager: Supervised;
  readonly clock: Clock;
  readonly log: Log;
  /** Other settings are in force. */
  takenOver(): void;
}

interface Watch {
  /** One after the other; returns what has changed. Throws why nothing was taken over. */
  reload(): Promise<string[]>;
  /** Goes on until the interval is 0. */
  watch(): void;
}

export function createWatch(
  { agent, configuration, manager, clock, log, takenOver }: WatchSettings,
): Watch {
  let reloading: Promise<unknown> = Promise.resolve();
  const reload = (): Promise<string[]> => {
    const mine = reloading.catch(() => {}).then(async () => {
      try {
        void manager.reloading();
        const changes = await configuration.reload((next) => agent.reload(next));
        takenOver();
        logProblems(configuration.settings, log);
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
  let watching: Promise<void> | undefined;
  const watch = () => {
    watching ??= watchFiles(configuration, clock, reload).finally(() => watching = undefined);
  };
  return { reload, watch };
}

/** `collectors_reload_interval`: reloads when the files are not as they were read. Ends when the interval is 0. */
async function watchFiles(
  configuration: Configuration,
  clock: Clock,
  reload: () => Promise<unknown>,
): Promise<void> {
  const seconds = () => configuration.settings.server.collectors_reload_interval;
  let refused: string | undefined;
  while (seconds() > 0) {
    await clock.sleep(seconds() * 1000);
    const version = configuration.version();
    if ([undefined, configuration.readVersion, refused].includes(version)) continue;
    refused = undefined;
    await reload().catch(() => (refused = version));
  }
}

/** Logs what is wrong with a configuration, or unwise. */
export function logProblems(settings: Settings, log: Log): void {
  for (const problem of settings.problems) {
    const isError = problem.severity === "error" && !problem.harmless;
    log[isError ? "error" : "warn"](located(problem, problem.message));
  }
}
