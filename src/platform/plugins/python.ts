/**
 * Collectors that were written for Diamond, in Python, run by the host's own Python. Which ones a file
 * holds is read off its text; its code is only run when the configuration has one of them enabled:
 * Diamond's own folder has 150 files, and what they collect the agent mostly collects itself.
 */

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import type { AnyCollector } from "../../core/collector.ts";
import {
  isDiamonds,
  type PluginFile,
  type PluginProcessFigures,
  type PluginRequest,
} from "../../ports/plugins.ts";
import { messageOf } from "../../core/errors.ts";
import type { Declaration, LoadedModule, ModuleFile } from "../../core/plugin_protocol.ts";
import { fnv1a } from "../../core/hash.ts";
import type { Log } from "../../ports/log.ts";
import shim from "./diamond_shim.py" with { type: "text" };
import { realExec } from "../exec/exec.ts";
import { createPluginSwap } from "./swap.ts";
import { createProxyMaker } from "./proxy.ts";

export interface PythonCollectors {
  load(
    request: PluginRequest,
    files: readonly ModuleFile[],
    folders: readonly string[],
  ): Promise<{ collectors: readonly AnyCollector[]; files: readonly PluginFile[] }>;
  figures(): readonly PluginProcessFigures[];
  close(): Promise<void>;
}

const INTERPRETERS = ["python3", "python2.7", "python2", "python"];
/** Diamond takes only such classes as have the word in their name. */
const CLASS = /^class[ \t]+(\w*Collector\w*)/gm;

export function createPythonCollectors(log: () => Log): PythonCollectors {
  const pool = createPluginSwap();
  const proxies = createProxyMaker(pool);

  return {
    async load(request, files, folders) {
      proxies.begin();
      const single = request.files ?? [];
      const texts = files.map((file) => ({ file, names: classesIn(file.path) }));
      const isOurs = (path: string, name: string) => isDiamonds(path) && request.isOurs(name);
      const isNeeded = (path: string, names: readonly string[]) =>
        single.includes(path) ||
        names.some((name) => request.isWanted(name) && !isOurs(path, name));
      const needed = texts.filter(({ file, names }) => isNeeded(file.path, names));
      const python = needed.length === 0 ? undefined : pythonOf(request.python);
      const rest = texts.filter((one) => python === undefined || !needed.includes(one));
      const told = rest.map(({ file, names }): PluginFile => {
        if (needed.some((one) => one.file === file)) {
          const problem = request.python === "none"
            ? "It is in Python, and python = none in [server]"
            : `It is in Python, and there is no ${
              request.python || INTERPRETERS.join(" or ")
            } here: install one, or name it in [server] python`;
          return { path: file.path, names: [], problem };
        }
        return { path: file.path, names: [], note: noteOn(file.path, names, isOurs) };
      });
      const known = rest.flatMap(({ file, names }) =>
        names.filter((name) => !isOurs(file.path, name)).map((name) =>
          proxies.proxyOf(unloaded(name), file.path, 0)
        )
      );
      if (python === undefined) return { collectors: known, files: told };

      // Whichever of them is a helper: when one has changed, the others are looked at as well.
      const all = fnv1a(files.map(({ path, fileVersion }) => `${path} ${fileVersion}`).join("\n"));
      const stamped = needed.map(({ file: { path } }) => ({ path, fileVersion: String(all) }));
      const alone = single.map((path) => dirname(path));
      const modules = await loaded(request, python, stamped, [...folders, ...alone]);
      const collectors: AnyCollector[] = [];
      for (const { path, version, collectors: declarations, error } of modules) {
        const own = declarations.filter(({ name }) => !isOurs(path, name));
        collectors.push(...own.map((one) => proxies.proxyOf(one, path, version)));
        const names = own.map(({ name }) => name);
        told.push({
          path,
          names,
          problem: error,
          keptOld: error !== undefined && names.length > 0,
          note: error === undefined && names.length === 0
            ? "has no class that is derived from diamond.collector.Collector"
            : undefined,
        });
      }
      return { collectors: [...known, ...collectors], files: told };
    },
    figures: () => (pool.child === undefined ? [] : [pool.child.figures()]),
    close: () => pool.close(),
  };

  async function loaded(
    { user, group, maxMemory, maxCpu }: PluginRequest,
    python: string,
    files: readonly ModuleFile[],
    folders: readonly string[],
  ): Promise<readonly LoadedModule[]> {
    const settings = {
      name: "the collectors in Python",
      command: [python, ...ROOTS_OWN, "-u", "-c", BOOTSTRAP, "diamond-agent: collectors in Python"],
      preamble: shim,
      setup: { do: "setup", roots: {}, user, group, folders } as const,
      maxMemory,
      maxCpu,
      log,
    };
    try {
      return await pool.load(settings, files);
    } catch (error) {
      return files.map(({ path }) => ({
        path,
        version: 0,
        collectors: [],
        error: messageOf(error),
      }));
    }
  }
}

/** Root's Python takes no modules from where a variable says, nor, as all of ours, from the working folder. */
const ROOTS_OWN = process.geteuid?.() === 0 ? ["-E"] : [];

/** Reads the program from stdin, so that a list of processes does not show all of it. */
const BOOTSTRAP = `import os, sys
sys.path = [p for p in sys.path if p]
n, s = ${new TextEncoder().encode(shim).length}, b""
while len(s) < n: s += os.read(0, n - len(s))
exec(compile(s, "diamond_shim.py", "exec"))`;

function classesIn(path: string): string[] {
  try {
    return [...readFileSync(path, "utf8").matchAll(CLASS)].map(([, name]) => name);
  } catch {
    return [];
  }
}

function noteOn(
  path: string,
  names: readonly string[],
  isOurs: (path: string, name: string) => boolean,
): string {
  if (names.length === 0) return "Python, without a class that is called …Collector";
  if (names.every((name) => isOurs(path, name))) return "Python, what the agent has itself";
  return `Python, ${names.join(", ")}: not enabled, not loaded`;
}

/** Of a class that was only seen. */
function unloaded(name: string): Declaration {
  return { name, doc: "In Python; loaded when enabled", path: name, options: null, metrics: null };
}

function pythonOf(wanted: string): string | undefined {
  if (wanted === "none") return undefined;
  return (wanted === "" ? INTERPRETERS : [wanted]).map(realExec.find).find((path) =>
    path !== undefined
  );
}
