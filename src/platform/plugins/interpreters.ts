/** The Pythons of this host, each with a process of its own that loads the files which it can read. */

import { messageOf } from "../../core/errors.ts";
import type { LoadContext, LoadedModule, ModuleFile } from "../../core/plugin_protocol.ts";
import type { Log } from "../../ports/log.ts";
import type { PluginProcessFigures, PluginRequest } from "../../ports/plugins.ts";
import { realExec } from "../exec/exec.ts";
import { createProxyMaker, type ProxyMaker } from "./proxy.ts";
import { collectorsProgram, pythonSetup } from "./python_shim.ts";
import { createPluginSwap } from "./swap.ts";

/** One of them, which may not be there. */
export interface Interpreter {
  readonly proxies: ProxyMaker;
  readonly path: string;
  /** With what is wrong with each file; nothing that happens here throws. */
  load(
    request: PluginRequest,
    files: readonly ModuleFile[],
    context: LoadContext,
  ): Promise<readonly LoadedModule[]>;
  figures(): readonly PluginProcessFigures[];
  close(): Promise<void>;
}

const NEW_NAMES = ["python3", "python"];
const OLD_NAMES = ["python2.7", "python2"];
export const INTERPRETER_NAMES = [...NEW_NAMES, ...OLD_NAMES];

export interface Interpreters {
  /** For what was written for Python 2, or not: the better one first. Empty: there is none. */
  choice(wanted: string, isOld: boolean): readonly Interpreter[];
  readonly all: readonly Interpreter[];
}

export function createInterpreters(log: () => Log): Interpreters {
  const known = new Map<string, Interpreter>();

  function at(path: string, name: string): Interpreter {
    const found = known.get(path) ?? createInterpreter(path, name, log);
    known.set(path, found);
    return found;
  }

  return {
    choice(wanted, isOld) {
      if (wanted === "none") return [];
      if (wanted !== "") {
        const path = realExec.find(wanted);
        return path === undefined ? [] : [at(path, "the collectors in Python")];
      }
      const found = [NEW_NAMES, OLD_NAMES].map((names, index) => {
        const path = names.map(realExec.find).find((one) => one !== undefined);
        const name = index === 0 ? "the collectors in Python" : "the collectors in Python 2";
        return path === undefined ? [] : [at(path, name)];
      });
      return (isOld ? found.reverse() : found).flat();
    },
    get all() {
      return [...known.values()];
    },
  };
}

function createInterpreter(path: string, name: string, log: () => Log): Interpreter {
  const pool = createPluginSwap();
  return {
    path,
    proxies: createProxyMaker(pool),
    async load(request, files, context) {
      if (files.length === 0) {
        await pool.close();
        return [];
      }
      const { maxMemory, maxCpu } = request;
      const settings = {
        name,
        command: collectorsProgram().command(path),
        preamble: collectorsProgram().preamble,
        setup: pythonSetup(request),
        maxMemory,
        maxCpu,
        log,
      };
      try {
        return await pool.load(settings, files, context);
      } catch (error) {
        const message = messageOf(error);
        return files.map((file) => ({ ...file, version: 0, collectors: [], error: message }));
      }
    },
    figures: () => (pool.child === undefined ? [] : [pool.child.figures()]),
    close: () => pool.close(),
  };
}
