/**
 * The process in which plugin collectors run, and how it gets new versions of their files. A process that is
 * thrown away loads them first, so that what hangs or ends it does not do so to those that run. A file that is
 * broken leaves its old version at work.
 */

import { messageOf } from "../../core/errors.ts";
import type { LoadContext, LoadedModule, ModuleFile } from "../../core/plugin_protocol.ts";
import { silentLog } from "../../ports/log.ts";
import { PluginProcess, type PluginProcessSettings } from "./process.ts";

export interface PluginSwap {
  load(
    settings: PluginProcessSettings,
    files: readonly ModuleFile[],
    context?: LoadContext,
  ): Promise<readonly LoadedModule[]>;
  /** Undefined before the first file was loaded. */
  readonly child: PluginProcess | undefined;
  close(): Promise<void>;
}

/** A file that is loaded again leaves its old code in memory: after so many the process is replaced. */
const MAX_RELOADS = 200;

export function createPluginSwap(): PluginSwap {
  return new ProcessSwap();
}

/** What came of loading: the error of each file that could not be loaded is in `bad`. */
interface Loaded {
  readonly modules: readonly LoadedModule[];
  readonly bad: ReadonlyMap<string, string>;
}

class ProcessSwap implements PluginSwap {
  #child: PluginProcess | undefined;
  /** By path: what the process runs. */
  #fileVersions: ReadonlyMap<string, string> = new Map();
  #reloads = 0;

  get child(): PluginProcess | undefined {
    return this.#child;
  }

  async load(
    settings: PluginProcessSettings,
    files: readonly ModuleFile[],
    context?: LoadContext,
  ): Promise<readonly LoadedModule[]> {
    if (files.length === 0 && this.#child === undefined) return [];
    const changed = files.filter(({ path, fileVersion }) =>
      this.#fileVersions.get(path) !== fileVersion
    );
    this.#reloads += changed.length;
    const loaded = this.#child === undefined || this.#reloads > MAX_RELOADS
      ? await this.#replace(settings, files, context)
      : await this.#update(this.#child, settings, files, changed, context);
    this.#fileVersions = new Map(
      files.filter(({ path }) => !loaded.bad.has(path)).map(({ path, fileVersion }) => [
        path,
        fileVersion,
      ]),
    );
    return withErrors(loaded);
  }

  async close(): Promise<void> {
    const last = this.#child;
    this.#child = undefined;
    await last?.close();
  }

  async #replace(
    settings: PluginProcessSettings,
    files: readonly ModuleFile[],
    context: LoadContext | undefined,
  ): Promise<Loaded> {
    const { process, ...loaded } = await tried(settings, files, context);
    void this.#child?.close();
    this.#child = process;
    this.#reloads = 0;
    return loaded;
  }

  async #update(
    child: PluginProcess,
    settings: PluginProcessSettings,
    files: readonly ModuleFile[],
    changed: readonly ModuleFile[],
    context: LoadContext | undefined,
  ): Promise<Loaded> {
    let bad: ReadonlyMap<string, string> = new Map();
    if (changed.length > 0) {
      const trial = await tried(settings, changed, context);
      void trial.process.close();
      bad = trial.bad;
    }
    // With its old version a file is not looked at again.
    const kept = files.map(({ path, fileVersion }) =>
      bad.has(path)
        ? { path, fileVersion: this.#fileVersions.get(path) ?? "" }
        : { path, fileVersion }
    );
    const known = kept.filter(({ fileVersion }) => fileVersion !== "");
    return { modules: await child.load(known, context), bad };
  }
}

/** A process that has loaded the files, without those that did not let it. */
async function tried(
  settings: PluginProcessSettings,
  files: readonly ModuleFile[],
  context: LoadContext | undefined,
): Promise<Loaded & { readonly process: PluginProcess }> {
  const bad = new Map<string, string>();
  for (;;) {
    let isTrial = true;
    const log = () => (isTrial ? silentLog : settings.log());
    const process = new PluginProcess({ ...settings, log });
    const left = files.filter(({ path }) => !bad.has(path));
    try {
      const modules = await process.load(left, context);
      isTrial = false;
      return { process, modules, bad };
    } catch (error) {
      void process.close();
      const culprit = left.find(({ path }) => path === process.at);
      if (culprit === undefined) throw error;
      bad.set(culprit.path, messageOf(error));
    }
  }
}

function withErrors({ modules, bad }: Loaded): LoadedModule[] {
  const absent = [...bad].filter(([path]) => !modules.some((module) => module.path === path));
  return [
    ...modules.map((module) => ({ ...module, error: bad.get(module.path) ?? module.error })),
    ...absent.map(([path, error]) => ({
      path,
      error,
      version: 0,
      collectors: [],
      isFatal: true,
    })),
  ];
}
