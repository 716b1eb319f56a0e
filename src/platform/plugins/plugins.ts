/**
 * Collectors and handlers of the operator's own: found, loaded, and given to the agent as if they were
 * its own. A collector that runs in another process stands here as one that asks that process.
 */

import process from "node:process";
import type { AnyCollector } from "../../core/collector.ts";
import type { PluginFile, PluginLoader, PluginRequest, Plugins } from "../../ports/plugins.ts";
import { messageOf } from "../../core/errors.ts";
import type { LoadedModule, ModuleFile } from "../../core/plugin_protocol.ts";
import { silentLog } from "../../ports/log.ts";
import type { Trusted } from "../access/trust.ts";
import { createPluginSwap } from "./swap.ts";
import type { PluginProcessSettings } from "./process.ts";
import { createProxyMaker } from "./proxy.ts";
import { selfCommand } from "../runtime/self_command.ts";
import { trustedWith } from "../access/identity.ts";
import { createPythonCollectors } from "./python.ts";
import type { Roots } from "../roots.ts";
import { createPluginModules } from "./modules.ts";
import { findPluginFiles, type Found, type FoundFile } from "./discover.ts";
import { createPluginHandlers } from "./handlers.ts";
import { pythonHandlerFiles } from "./python_handlers.ts";
import { PLUGIN_WORD } from "./word.ts";

/** One file, as far as it was got. */
interface Module<T> {
  readonly path: string;
  readonly plugins: readonly T[];
  readonly error?: string;
}

/** `roots` go before those of the configuration. */
export function findingLoader(roots: Roots): PluginLoader {
  let log = silentLog;
  const inProcess = createPluginModules();
  const pool = createPluginSwap();
  const proxies = createProxyMaker(pool);
  const python = createPythonCollectors(() => log);
  let turn: Promise<unknown> = Promise.resolve();
  const pluginHandlers = createPluginHandlers();

  async function load(request: PluginRequest): Promise<Plugins> {
    const found = findPluginFiles(
      request.collectorsPath,
      request.files ?? [],
      trustedFor(request, request.isolation === "none"),
    );
    const foundHandlers = findPluginFiles(
      request.handlersPath,
      [],
      trustedFor(request, request.handlersIsolation === "none"),
    );
    const usable = found.files.filter(({ refused }) => !refused);
    const loading = inTurn(() => loadCollectors(request, usable, found.folders));
    const loaded = await within(loading, request.patience);
    const { collectors, inPython } = loaded ?? notYet(usable);
    const handlers = await loadHandlers(request, foundHandlers);
    const files: PluginFile[] = [];
    for (const problem of [...found.problems, ...foundHandlers.problems]) {
      files.push({ names: [], ...problem });
    }
    for (const { path, refused } of [...found.files, ...foundHandlers.files]) {
      if (refused !== undefined) files.push({ path, names: [], problem: refused });
    }
    files.push(...handlers.files);
    for (const { path, plugins, error } of [...collectors, ...handlers.modules]) {
      const names = plugins.map(({ name }) => name);
      const kept = error !== undefined && names.length > 0;
      const note = error === undefined && names.length === 0
        ? "exports no collector or handler"
        : undefined;
      files.push({ path, names, problem: error, keptOld: kept, note });
    }
    files.push(...inPython.files);
    return {
      collectors: {
        ...Object.fromEntries(inPython.collectors.map((one) => [one.name, one])),
        ...byName(collectors),
      },
      handlers: byName(handlers.modules),
      files,
      folders: [...found.folders, ...foundHandlers.folders],
      pending: loaded === undefined ? loading : undefined,
    };
  }

  /** One load after another: a process has one list of files. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => {});
    return mine;
  }

  async function loadCollectors(
    request: PluginRequest,
    files: readonly FoundFile[],
    folders: readonly string[],
  ) {
    const ofKind = (kind: FoundFile["kind"]) => files.filter((file) => file.kind === kind);
    const collectors = await collectorModules(request, ofKind("module"));
    const present = new Set(collectors.flatMap(({ plugins }) => plugins.map(({ name }) => name)));
    const wanted = request.wanted.filter((name) => !present.has(name));
    const inPython = await python.load({ ...request, wanted }, ofKind("python"), folders);
    return { collectors, inPython };
  }

  async function collectorModules(
    request: PluginRequest,
    files: readonly ModuleFile[],
  ): Promise<Module<AnyCollector>[]> {
    if (request.isolation === "none") {
      const modules = await inProcess.load(files);
      return modules.map(({ collectors, ...rest }) => ({ ...rest, plugins: collectors }));
    }
    proxies.begin();
    let modules: readonly LoadedModule[];
    try {
      modules = await pool.load(settingsOf(request), files);
    } catch (error) {
      // The others can do without them.
      return files.map(({ path }) => ({ path, plugins: [], error: messageOf(error) }));
    }
    return modules.map(({ path, version, collectors, error }) => ({
      path,
      plugins: collectors.map((declaration) => proxies.proxyOf(declaration, path, version)),
      error,
    }));
  }

  async function loadHandlers(request: PluginRequest, { files, folders }: Found) {
    const ofKind = (kind: FoundFile["kind"]) =>
      files.filter((file) => !file.refused && file.kind === kind);
    const settings: PluginProcessSettings | undefined = request.handlersIsolation === "none"
      ? undefined
      : { ...settingsOf(request), loads: "handlers" };
    const inPython = pythonHandlerFiles(request, ofKind("python"), folders, () => log);
    const modules = await pluginHandlers.load([
      ...ofKind("module").map((file) => ({ file, settings })),
      ...inPython.needed,
    ]);
    return { modules, files: inPython.files };
  }

  function settingsOf(request: PluginRequest): PluginProcessSettings {
    const { maxMemory, maxCpu, user, group } = request;
    const choose = (name: keyof Roots) => roots[name] || request.roots[name];
    return {
      name: "the custom collectors",
      command: [...selfCommand(), PLUGIN_WORD],
      setup: {
        do: "setup",
        roots: { procfs: choose("procfs"), sysfs: choose("sysfs"), rootfs: choose("rootfs") },
        user,
        group,
        word: crypto.randomUUID(),
      },
      maxMemory,
      maxCpu,
      log: () => log,
    };
  }

  return {
    load,
    logTo: (next) => void (log = next),
    figures: () => [
      ...(pool.child === undefined ? [] : [pool.child.figures()]),
      ...python.figures(),
      ...pluginHandlers.figures(),
    ],
    async close() {
      await Promise.all([pool.close(), python.close(), pluginHandlers.close()]);
    },
  };
}

/** Undefined where it takes longer than it may. */
async function within<T>(work: Promise<T>, patience: number | undefined): Promise<T | undefined> {
  if (patience === undefined) return await work;
  const limit = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => limit.resolve(undefined), patience);
  try {
    return await Promise.race([work, limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is known of files that are still being loaded. */
function notYet(files: readonly FoundFile[]) {
  const note = "is still being loaded";
  return {
    collectors: [] as Module<AnyCollector>[],
    inPython: {
      collectors: [] as readonly AnyCollector[],
      files: files.map(({ path }): PluginFile => ({ path, names: [], note })),
    },
  };
}

/** The later one wins, as in the order of the paths. */
function byName<T extends { readonly name: string }>(
  modules: readonly Module<T>[],
): Record<string, T> {
  return Object.fromEntries(
    modules.flatMap(({ plugins }) => plugins.map((one) => [one.name, one])),
  );
}

/** Who may own what root runs. What is loaded into the agent is run before it becomes its user. */
function trustedFor({ user, group }: PluginRequest, inAgent: boolean): Trusted | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return inAgent ? trustedWith("", "") : trustedWith(user, group);
}
