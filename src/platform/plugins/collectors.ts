/** Plugin collectors: loaded in the agent or in a process of their own, those in Python by Python's. */

import type { AnyCollector } from "../../core/collector.ts";
import { messageOf } from "../../core/errors.ts";
import type { LoadedModule, ModuleFile } from "../../core/plugin_protocol.ts";
import type { Log } from "../../ports/log.ts";
import type { PluginFile, PluginProcessFigures, PluginRequest } from "../../ports/plugins.ts";
import type { FoundFile } from "./discover.ts";
import { createPluginModules } from "./modules.ts";
import type { PluginProcessSettings } from "./process.ts";
import { createProxyMaker } from "./proxy.ts";
import { PythonCollectors } from "./python.ts";
import { createPluginSwap } from "./swap.ts";

/** One file, as far as it was got. */
export interface PluginModule<T> {
  readonly path: string;
  readonly plugins: readonly T[];
  readonly error?: string;
}

export interface LoadedCollectors {
  readonly modules: readonly PluginModule<AnyCollector>[];
  readonly inPython: {
    readonly collectors: readonly AnyCollector[];
    readonly files: readonly PluginFile[];
  };
}

export class PluginCollectors {
  readonly #settingsOf: (request: PluginRequest) => PluginProcessSettings;
  readonly #inAgent = createPluginModules();
  readonly #pool = createPluginSwap();
  readonly #proxies = createProxyMaker(this.#pool);
  readonly #python: PythonCollectors;
  /** One load after another: a process has one list of files. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(settingsOf: (request: PluginRequest) => PluginProcessSettings, log: () => Log) {
    this.#settingsOf = settingsOf;
    this.#python = new PythonCollectors(log);
  }

  load(
    request: PluginRequest,
    files: readonly FoundFile[],
    folders: readonly string[],
  ): Promise<LoadedCollectors> {
    const mine = this.#turn.then(() => this.#loadNow(request, files, folders));
    this.#turn = mine.catch(() => {});
    return mine;
  }

  figures(): PluginProcessFigures[] {
    const { child } = this.#pool;
    return [...(child === undefined ? [] : [child.figures()]), ...this.#python.figures()];
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#python.close()]);
  }

  async #loadNow(
    request: PluginRequest,
    files: readonly FoundFile[],
    folders: readonly string[],
  ): Promise<LoadedCollectors> {
    const ofKind = (kind: FoundFile["kind"]) => files.filter((file) => file.kind === kind);
    const modules = await this.#modules(request, ofKind("module"));
    const present = new Set(modules.flatMap(({ plugins }) => plugins.map(({ name }) => name)));
    const wanted = request.wanted.filter((name) => !present.has(name));
    const inPython = await this.#python.load({ ...request, wanted }, ofKind("python"), folders);
    return { modules, inPython };
  }

  async #modules(
    request: PluginRequest,
    files: readonly ModuleFile[],
  ): Promise<PluginModule<AnyCollector>[]> {
    if (request.isolation === "none") {
      const modules = await this.#inAgent.load(files);
      return modules.map(({ collectors, ...rest }) => ({ ...rest, plugins: collectors }));
    }
    this.#proxies.begin();
    let modules: readonly LoadedModule[];
    try {
      modules = await this.#pool.load(this.#settingsOf(request), files);
    } catch (error) {
      // The others can do without them.
      return files.map(({ path }) => ({ path, plugins: [], error: messageOf(error) }));
    }
    return modules.map(({ path, version, collectors, error }) => ({
      path,
      plugins: collectors.map((declaration) => this.#proxies.proxyOf(declaration, path, version)),
      error,
    }));
  }
}
