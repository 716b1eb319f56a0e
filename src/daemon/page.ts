/** Serves the page for as long as the configuration says so; everything that it needs is loaded then. */

import type { Agent } from "../agent/agent_contract.ts";
import { createRetry } from "../agent/retry.ts";
import { type PageSettings, pageSettings } from "../config/page.ts";
import type { ServerValues } from "../config/server_options.ts";
import { messageOf } from "../core/errors.ts";
import { addressText } from "../core/option.ts";
import type { Host } from "../ports/host.ts";
import type { Listener } from "../ports/http.ts";
import type { Log } from "../ports/log.ts";
import type { ControlHandlers } from "./control.ts";

interface PageContext {
  readonly agent: Agent;
  readonly host: Host;
  readonly log: Log;
  readonly control: ControlHandlers;
  /** The address that the command line names, instead of `[server] page`. */
  readonly address?: string;
}

export interface PageServer {
  /** Serves it as these settings say. Goes on trying where it cannot. */
  apply(server: ServerValues): Promise<void>;
  close(): Promise<void>;
}

export function createPageServer({ agent, host, log, control, address }: PageContext): PageServer {
  let wanted: PageSettings | undefined;
  let listener: Listener | undefined;
  const retry = createRetry(host.clock, open);

  /** Returns whether it is to be tried again. */
  async function open(): Promise<boolean> {
    const settings = wanted;
    if (settings === undefined || listener !== undefined) return false;
    try {
      const { openWeb } = await import("../web/server.ts");
      const names = [...settings.names, ...ownNames(host)];
      // Who asks at once is not to hear that there is no history.
      await host.histories.opened();
      const opened = await openWeb(host.net, { ...settings, names }, {
        agent,
        clock: host.clock,
        history: () => host.histories.current(),
        explain: (path) => control.explain(path),
      });
      // Another configuration may have come meanwhile.
      if (wanted !== settings) return await opened.close().then(() => wanted !== undefined);
      listener = opened;
      control.pageProblem = undefined;
      log.info(`The page is at ${urlOf(settings)}`);
      return false;
    } catch (error) {
      const message = messageOf(error);
      if (message !== control.pageProblem) log.error(`The page cannot be served: ${message}`);
      control.pageProblem = message;
      return true;
    }
  }

  async function close(): Promise<void> {
    retry.stop();
    wanted = undefined;
    control.pageProblem = undefined;
    const closing = listener;
    listener = undefined;
    await closing?.close();
  }

  return {
    async apply(server) {
      const next = settingsIn(server, address);
      if (JSON.stringify(next) === JSON.stringify(wanted)) return;
      await close();
      wanted = next;
      if (await open()) retry.start();
    },
    close,
  };
}

/** What is wrong with it is among the problems of the configuration. */
function settingsIn(server: ServerValues, address?: string): PageSettings | undefined {
  try {
    return pageSettings(server, address);
  } catch {
    return undefined;
  }
}

function ownNames({ names }: Host): string[] {
  const name = names.hostname();
  return [name, name.split(".")[0]];
}

function urlOf(settings: PageSettings): string {
  return `http://${addressText(settings)}/`;
}
