/**
 * Handlers of the operator's own: each file is loaded once for each of its versions, in a process that is thrown away;
 * each handler that the configuration names then has a process of its own. `isolation = none`: all in the agent.
 */

import { configError, messageOf } from "../../core/errors.ts";
import type { AnyHandler } from "../../core/handler.ts";
import type { HandlerDeclaration, LoadContext, ModuleFile } from "../../core/plugin_protocol.ts";
import { silentLog } from "../../ports/log.ts";
import type { PluginProcessFigures } from "../../ports/plugins.ts";
import { handlersOf } from "./check.ts";
import { guardedHandler } from "./guarded_handler.ts";
import { handlerProxy } from "./handler_proxy.ts";
import { importPlugin } from "./import_module.ts";
import { PluginProcess, type PluginProcessSettings } from "./process.ts";

/** One file, as far as it was got. */
interface HandlerModule {
  readonly path: string;
  readonly fileVersion: string;
  readonly plugins: readonly AnyHandler[];
  readonly error?: string;
}

interface HandlerFile {
  readonly file: ModuleFile;
  /** Of its process; undefined: in the agent. */
  readonly settings: PluginProcessSettings | undefined;
  readonly context?: LoadContext;
}

interface PluginHandlers {
  /** What is unchanged stays the very same object. */
  load(files: readonly HandlerFile[]): Promise<readonly HandlerModule[]>;
  figures(): readonly PluginProcessFigures[];
  close(): Promise<void>;
}

export function createPluginHandlers(): PluginHandlers {
  const running = new Set<PluginProcess>();
  let modules = new Map<string, HandlerModule>();

  async function inAgent(file: ModuleFile): Promise<readonly AnyHandler[]> {
    return handlersOf(await importPlugin(file)).map(guardedHandler);
  }

  async function inProcess(
    file: ModuleFile,
    settings: PluginProcessSettings,
    context: LoadContext | undefined,
  ): Promise<readonly AnyHandler[]> {
    const trial = new PluginProcess({ ...settings, log: () => silentLog });
    const [module] = await trial.load([file], context).finally(() => void trial.close());
    if (module?.error !== undefined) throw configError(module.error);
    const declarations: readonly HandlerDeclaration[] = module?.handlers ?? [];
    const start = (handler: string) => {
      const process = new PluginProcess({ ...settings, name: `the handler ${handler}` });
      process.willLoad([file], context);
      running.add(process);
      return process;
    };
    return declarations.map((one) => handlerProxy(one, start, (ended) => running.delete(ended)));
  }

  async function loaded(
    { file, settings, context }: HandlerFile,
    known: HandlerModule | undefined,
  ): Promise<HandlerModule> {
    if (known?.fileVersion === file.fileVersion) return known;
    const { path, fileVersion } = file;
    try {
      const plugins =
        await (settings === undefined ? inAgent(file) : inProcess(file, settings, context));
      return { path, fileVersion, plugins };
    } catch (error) {
      return { path, fileVersion, plugins: known?.plugins ?? [], error: messageOf(error) };
    }
  }

  return {
    async load(files) {
      const before = modules;
      const all = await Promise.all(
        files.map((one) => loaded(one, before.get(one.file.path))),
      );
      modules = new Map(all.map((one) => [one.path, one]));
      return all;
    },
    figures: () => [...running].map((process) => process.figures()),
    async close() {
      await Promise.all([...running].map((process) => process.close()));
    },
  };
}
