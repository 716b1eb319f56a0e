/** Finds and loads plugins, and gives them to the agent as if they were its own. */

import process from "node:process";
import { silentLog } from "../../ports/log.ts";
import type { Log } from "../../ports/log.ts";
import type {
  PluginFile,
  PluginLoader,
  PluginProcessFigures,
  PluginRequest,
  Plugins,
} from "../../ports/plugins.ts";
import { trustedWith } from "../access/identity.ts";
import type { Trusted } from "../access/trust.ts";
import type { Roots } from "../roots.ts";
import { selfCommand } from "../runtime/self_command.ts";
import { type LoadedCollectors, PluginCollectors, type PluginModule } from "./collectors.ts";
import { findPluginFiles, type Found, type FoundFile } from "./discover.ts";
import { createPluginHandlers } from "./handlers.ts";
import type { PluginProcessSettings } from "./process.ts";
import { pythonHandlerFiles } from "./python_handlers.ts";
import { PLUGIN_WORD } from "./word.ts";

/** `roots` go before those of the configuration. */
export function findingLoader(roots: Roots): PluginLoader {
  return new FindingLoader(roots);
}

class FindingLoader implements PluginLoader {
  readonly #roots: Roots;
  #log: Log = silentLog;
  readonly #collectors = new PluginCollectors(
    (request) => this.#settingsOf(request),
    () => this.#log,
  );
  readonly #handlers = createPluginHandlers();

  constructor(roots: Roots) {
    this.#roots = roots;
  }

  async load(request: PluginRequest): Promise<Plugins> {
    const { collectorsPath, handlersPath, files = [], isolation, handlersIsolation } = request;
    const ofCollectors = findPluginFiles(
      collectorsPath,
      files,
      trustedFor(request, isolation === "none"),
    );
    const ofHandlers = findPluginFiles(
      handlersPath,
      [],
      trustedFor(request, handlersIsolation === "none"),
    );
    const usable = ofCollectors.files.filter(({ refused }) => !refused);
    const loading = this.#collectors.load(request, usable, ofCollectors.folders);
    const loaded = await within(loading, request.patience);
    const { modules, inPython } = loaded ?? notYet(usable);
    const handlers = await this.#loadHandlers(request, ofHandlers);
    return {
      collectors: {
        ...Object.fromEntries(inPython.collectors.map((one) => [one.name, one])),
        ...byName(modules),
      },
      handlers: byName(handlers.modules),
      files: [
        ...unusedIn(ofCollectors, ofHandlers),
        ...handlers.files,
        ...[...modules, ...handlers.modules].map(fileOf),
        ...inPython.files,
      ],
      folders: [...ofCollectors.folders, ...ofHandlers.folders],
      pending: loaded === undefined ? loading : undefined,
    };
  }

  logTo(next: Log): void {
    this.#log = next;
  }

  figures(): PluginProcessFigures[] {
    return [...this.#collectors.figures(), ...this.#handlers.figures()];
  }

  async close(): Promise<void> {
    await Promise.all([this.#collectors.close(), this.#handlers.close()]);
  }

  async #loadHandlers(request: PluginRequest, { files, folders }: Found) {
    const ofKind = (kind: FoundFile["kind"]) =>
      files.filter((file) => !file.refused && file.kind === kind);
    const settings: PluginProcessSettings | undefined = request.handlersIsolation === "none"
      ? undefined
      : { ...this.#settingsOf(request), loads: "handlers" };
    const inPython = pythonHandlerFiles(request, ofKind("python"), folders, () => this.#log);
    const modules = await this.#handlers.load([
      ...ofKind("module").map((file) => ({ file, settings })),
      ...inPython.needed,
    ]);
    return { modules, files: inPython.files };
  }

  #settingsOf(request: PluginRequest): PluginProcessSettings {
    const { maxMemory, maxCpu, user, group } = request;
    const choose = (name: keyof Roots) => this.#roots[name] || request.roots[name];
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
      log: () => this.#log,
    };
  }
}

/** Folders that cannot be looked into, then files that are not used. */
function unusedIn(...all: readonly Found[]): PluginFile[] {
  const files: PluginFile[] = [];
  for (const problem of all.flatMap(({ problems }) => problems)) {
    files.push({ names: [], ...problem });
  }
  for (const { path, refused } of all.flatMap(({ files }) => files)) {
    if (refused !== undefined) files.push({ path, names: [], problem: refused });
  }
  return files;
}

function fileOf({ path, plugins, error }: PluginModule<{ readonly name: string }>): PluginFile {
  const names = plugins.map(({ name }) => name);
  const isEmpty = names.length === 0;
  return {
    path,
    names,
    problem: error,
    keptOld: error !== undefined && !isEmpty,
    note: error === undefined && isEmpty ? "exports no collector or handler" : undefined,
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
function notYet(files: readonly FoundFile[]): LoadedCollectors {
  const note = "is still being loaded";
  return {
    modules: [],
    inPython: { collectors: [], files: files.map(({ path }) => ({ path, names: [], note })) },
  };
}

/** The later one wins, as in the order of the paths. */
function byName<T extends { readonly name: string }>(
  modules: readonly PluginModule<T>[],
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
