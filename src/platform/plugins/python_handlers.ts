/** Handlers that were written for Diamond, in Python: which files have those that the configuration names, and what runs them. */

import type { LoadContext, ModuleFile } from "../../core/plugin_protocol.ts";
import type { Log } from "../../ports/log.ts";
import type { PluginFile, PluginRequest } from "../../ports/plugins.ts";
import { createInterpreters } from "./interpreters.ts";
import type { PluginProcessSettings } from "./process.ts";
import { missingPython } from "./python.ts";
import { oldOnes, textOf } from "./python_files.ts";
import { handlersProgram, pythonSetup } from "./python_shim.ts";

interface PythonHandlerFile {
  readonly file: ModuleFile;
  readonly settings: PluginProcessSettings;
  readonly context: LoadContext;
}

interface PythonHandlerFiles {
  readonly needed: readonly PythonHandlerFile[];
  /** What is said of the others. */
  readonly files: readonly PluginFile[];
}

const CLASS = /^class[ \t]+(\w+)/gm;

export function pythonHandlerFiles(
  request: PluginRequest,
  files: readonly ModuleFile[],
  folders: readonly string[],
  log: () => Log,
): PythonHandlerFiles {
  const texts = files.map((file) => {
    const text = textOf(file.path);
    const names = [...text.matchAll(CLASS)].map(([, name]) => name);
    return { file, text, names, imported: [] };
  });
  const old = oldOnes(texts);
  const needed: PythonHandlerFile[] = [];
  const told: PluginFile[] = [];
  const interpreters = createInterpreters(log);
  for (const { file, names } of texts) {
    const { path } = file;
    if (!names.some((name) => request.wantedHandlers.includes(name))) {
      told.push({
        path,
        names: [],
        note: "Python, without a handler that [server] handlers names",
      });
      continue;
    }
    const [by] = interpreters.choice(request.python, old.has(path));
    if (by === undefined) told.push({ path, names: [], problem: missingPython(request.python) });
    else {
      const settings = settingsOf(request, by.path, log);
      needed.push({ file, settings, context: { folders, config: request.config } });
    }
  }
  return { needed, files: told };
}

function settingsOf(
  request: PluginRequest,
  python: string,
  log: () => Log,
): PluginProcessSettings {
  const { maxMemory, maxCpu } = request;
  return {
    name: "the handlers in Python",
    command: handlersProgram().command(python),
    preamble: handlersProgram().preamble,
    setup: pythonSetup(request),
    loads: "handlers",
    maxMemory,
    maxCpu,
    log,
  };
}
