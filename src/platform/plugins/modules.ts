/**
 * The collectors of users' files in this process: loads them, and again when a file has changed. A
 * file that is broken now leaves what was loaded of it before.
 */

import type { AnyCollector } from "../../core/collector.ts";
import { messageOf } from "../../core/errors.ts";
import type { ModuleFile } from "../../core/plugin_protocol.ts";
import { collectorsOf } from "./check.ts";
import { importPlugin } from "./import_module.ts";

interface PluginModule {
  readonly path: string;
  readonly fileVersion: string;
  readonly version: number;
  readonly collectors: readonly AnyCollector[];
  readonly error?: string;
}

interface PluginModules {
  /** Each file is loaded once for each of its stamps. `begins` is called before a file's code runs. */
  load(
    files: readonly ModuleFile[],
    begins?: (path: string) => void,
  ): Promise<readonly PluginModule[]>;
}

export function createPluginModules(): PluginModules {
  let modules: readonly PluginModule[] = [];
  let versions = 0;

  async function loaded(file: ModuleFile, before: PluginModule | undefined): Promise<PluginModule> {
    try {
      const collectors = collectorsOf(await importPlugin(file), file.path);
      return { ...file, version: ++versions, collectors };
    } catch (error) {
      const { collectors = [], version = 0 } = before ?? {};
      return { ...file, version, collectors, error: withLine(error, file.path) };
    }
  }

  return {
    async load(files, begins = () => {}) {
      const known = new Map(modules.map((module) => [module.path, module]));
      const isNew = ({ path, fileVersion }: ModuleFile) =>
        known.get(path)?.fileVersion !== fileVersion;
      // It is not known who imports a helper: when one has changed, everything is loaded again.
      const isHelper = (path: string) => known.get(path)?.collectors.length === 0;
      const all = files.some((file) => isNew(file) && isHelper(file.path)) ||
        modules.some(({ path }) => isHelper(path) && !files.some((file) => file.path === path));
      const next: PluginModule[] = [];
      for (const file of files) {
        const before = known.get(file.path);
        if (before !== undefined && !all && !isNew(file)) {
          next.push(before);
          continue;
        }
        begins(file.path);
        next.push(await loaded(file, before));
      }
      modules = next;
      return modules;
    },
  };
}

/** With the line of the user's file where there is one. */
export function withLine(error: unknown, path: string): string {
  const message = messageOf(error);
  const stack = error instanceof Error ? error.stack ?? "" : "";
  const at = stack.indexOf(path);
  const line = at < 0 ? "" : /^:(\d+)/.exec(stack.slice(at + path.length))?.[1] ?? "";
  const position = (error as { position?: { line?: number } } | null)?.position?.line;
  const where = line || (position === undefined ? "" : String(position));
  return where === "" ? message : `line ${where}: ${message}`;
}
