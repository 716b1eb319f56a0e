/**
 * The process in which users' collectors run, and how it gets to know new versions of their files: a
 * process that is thrown away loads them first, so that what hangs or ends it does not do so to those
 * that run. A file that is broken leaves its old version at work.
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
  let child: PluginProcess | undefined;
  let fileVersions = new Map<string, string>();
  let reloads = 0;

  /** A process that has loaded the files, without those that did not let it. */
  async function tried(
    settings: PluginProcessSettings,
    files: readonly ModuleFile[],
    context: LoadContext | undefined,
  ) {
    const bad = new Map<string, string>();
    for (;;) {
      let isTrial = true;
      const log = () => (isTrial ? silentLog : settings.log());
      const candidate = new PluginProcess({ ...settings, log });
      const left = files.filter(({ path }) => !bad.has(path));
      try {
        const modules = await candidate.load(left, context);
        isTrial = false;
        return { candidate, modules, bad };
      } catch (error) {
        void candidate.close();
        const culprit = left.find(({ path }) => path === candidate.at);
        if (culprit === undefined) throw error;
        bad.set(culprit.path, messageOf(error));
      }
    }
  }

  return {
    async load(settings, files, context) {
      if (files.length === 0 && child === undefined) return [];
      const changed = files.filter(({ path, fileVersion }) =>
        fileVersions.get(path) !== fileVersion
      );
      reloads += changed.length;
      let bad: ReadonlyMap<string, string> = new Map();
      let modules: readonly LoadedModule[];
      if (child === undefined || reloads > MAX_RELOADS) {
        const first = await tried(settings, files, context);
        void child?.close();
        ({ candidate: child, modules, bad } = first);
        reloads = 0;
      } else {
        if (changed.length > 0) {
          const trial = await tried(settings, changed, context);
          void trial.candidate.close();
          bad = trial.bad;
        }
        // With its old stamp a file is not looked at again.
        const kept = files.map(({ path, fileVersion }) =>
          bad.has(path)
            ? { path, fileVersion: fileVersions.get(path) ?? "" }
            : { path, fileVersion }
        );
        modules = await child.load(kept.filter(({ fileVersion }) => fileVersion !== ""), context);
      }
      fileVersions = new Map(
        files.filter(({ path }) => !bad.has(path)).map((
          { path, fileVersion },
        ) => [path, fileVersion]),
      );
      const told = modules.map((module) => ({
        ...module,
        error: bad.get(module.path) ?? module.error,
      }));
      const absent = [...bad].filter(([path]) => !modules.some((module) => module.path === path));
      return [
        ...told,
        ...absent.map(([path, error]) => ({
          path,
          error,
          version: 0,
          collectors: [],
          isFatal: true,
        })),
      ];
    },
    get child() {
      return child;
    },
    async close() {
      const last = child;
      child = undefined;
      await last?.close();
    },
  };
}
