/** The loader of plugins. Its parts, a fifth of the program, are loaded where there are plugins to find. */

import type { PluginLoader } from "../../ports/plugins.ts";
import { type Log, silentLog } from "../../ports/log.ts";
import type { Roots } from "../roots.ts";

/** `roots` go before those of the configuration. */
export function createPluginLoader(roots: Roots): PluginLoader {
  let log: Log = silentLog;
  let loading: Promise<PluginLoader> | undefined;
  let loader: PluginLoader | undefined;

  async function start(): Promise<PluginLoader> {
    const { findingLoader } = await import("./plugins.ts");
    loader = findingLoader(roots);
    loader.logTo(log);
    return loader;
  }

  return {
    load: async (request) => await (await (loading ??= start())).load(request),
    logTo(other) {
      log = other;
      loader?.logTo(log);
    },
    figures: () => loader?.figures() ?? [],
    close: async () => await (await loading)?.close(),
  };
}
