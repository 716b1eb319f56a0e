/**
 * Collectors that were written for Diamond, in Python, run by the host's own Python: each file by the one that
 * can read it. A file's code is only run when it may have a collector that the configuration enables.
 */

import { dirname } from "node:path";
import type { AnyCollector } from "../../core/collector.ts";
import { fnv1a } from "../../core/hash.ts";
import type { Declaration, LoadedModule, ModuleFile } from "../../core/plugin_protocol.ts";
import type { Log } from "../../ports/log.ts";
import {
  isDiamonds,
  type PluginFile,
  type PluginProcessFigures,
  type PluginRequest,
} from "../../ports/plugins.ts";
import { createInterpreters, type Interpreter, INTERPRETER_NAMES } from "./interpreters.ts";
import { createProxyMaker } from "./proxy.ts";
import { filesOf, oldOnes, type PythonText, readTexts } from "./python_files.ts";
import { createPluginSwap } from "./swap.ts";

interface PythonCollectors {
  load(
    request: PluginRequest,
    files: readonly ModuleFile[],
    folders: readonly string[],
  ): Promise<{ collectors: readonly AnyCollector[]; files: readonly PluginFile[] }>;
  figures(): readonly PluginProcessFigures[];
  close(): Promise<void>;
}

/** A file, and how one of the Pythons got on with it. */
interface Attempt {
  readonly by: Interpreter;
  readonly module: LoadedModule;
}

export function createPythonCollectors(log: () => Log): PythonCollectors {
  const interpreters = createInterpreters(log);
  /** Of classes that were only seen. */
  const unloaded = createProxyMaker(createPluginSwap());
  /** By path: what was chosen for this version of the file. */
  let chosen = new Map<string, { readonly fileVersion: string; readonly by: Interpreter }>();

  return {
    async load(request, files, folders) {
      unloaded.begin();
      for (const { proxies } of interpreters.all) proxies.begin();
      const texts = readTexts(files);
      const isOurs = (path: string, name: string) => isDiamonds(path) && request.isOurs(name);
      const { needed, guessed, lost } = neededOf(request, texts, isOurs);
      const told: PluginFile[] = [];
      const collectors: AnyCollector[] = [];
      const isMissing = interpreters.choice(request.python, false).length === 0;
      const defined = new Set(texts.flatMap(({ names }) => names));
      for (const { file: { path }, names, imported } of texts) {
        if (needed.has(path) && !isMissing) continue;
        const why = needed.has(path) && !guessed.has(path)
          ? { problem: missingPython(request.python) }
          : { note: noteOn(path, names, isOurs) };
        told.push({ path, names: [], ...why });
        const own = [...names, ...imported.filter((name) => !defined.has(name))]
          .filter((name) => !isOurs(path, name));
        collectors.push(...own.map((name) => unloaded.proxyOf(unloadedOf(name), path, 0)));
      }
      if (isMissing || needed.size === 0) {
        await Promise.all(interpreters.all.map((one) => one.load(request, [], {})));
        return { collectors, files: told };
      }
      const alone = (request.files ?? []).map((path) => dirname(path));
      const context = { folders: [...folders, ...alone], config: request.config, lost };
      for (const { by, module } of await attempts(request, texts, needed, context)) {
        const { path, version, collectors: declarations, error } = module;
        const own = declarations.filter(({ name }) => !isOurs(path, name));
        collectors.push(...own.map((one) => by.proxies.proxyOf(one, path, version)));
        const names = own.map(({ name }) => name);
        const isGuess = guessed.has(path) && names.length === 0;
        told.push({
          path,
          names,
          problem: isGuess ? undefined : error,
          keptOld: error !== undefined && names.length > 0,
          note: isGuess
            ? `Python, ${error ?? "without an enabled collector"}`
            : error === undefined && names.length === 0
            ? "has no class that is derived from diamond.collector.Collector"
            : error === undefined
            ? `Python, run by ${by.path}`
            : undefined,
        });
      }
      return { collectors, files: told };
    },
    figures: () => interpreters.all.flatMap((one) => one.figures()),
    async close() {
      await Promise.all(interpreters.all.map((one) => one.close()));
    },
  };

  /** Loads each file by the Python that it was written for, and by the other one where that gets on better. */
  async function attempts(
    request: PluginRequest,
    texts: readonly PythonText[],
    needed: ReadonlySet<string>,
    context: Parameters<Interpreter["load"]>[2],
  ): Promise<readonly Attempt[]> {
    const old = oldOnes(texts);
    // Whichever of them is a helper: when one has changed, the others are looked at as well.
    const all = String(
      fnv1a(texts.map(({ file: { path, fileVersion } }) => `${path} ${fileVersion}`).join("\n")),
    );
    const files = texts.map(({ file }) => file).filter(({ path }) => needed.has(path));
    const ways = new Map(files.map(({ path, fileVersion }) => {
      const choice = interpreters.choice(request.python, old.has(path));
      const before = chosen.get(path);
      const isKnown = before?.fileVersion === fileVersion && choice.includes(before.by);
      return [path, isKnown ? [before.by] : choice];
    }));
    const load = async (by: Interpreter, paths: readonly string[]) => {
      const stamped = paths.map((path) => ({ path, fileVersion: all }));
      return (await by.load(request, stamped, context)).map((module) => ({ by, module }));
    };
    const pathsBy = (by: Interpreter, turn: number) =>
      [...ways].filter(([, way]) => way[turn] === by).map(([path]) => path);
    const first = (await Promise.all(
      interpreters.all.map((by) => load(by, pathsBy(by, 0))),
    )).flat();
    const better = new Map(first.map((one) => [one.module.path, one]));
    // What ends one Python, or does not let it go on, is not tried with the other.
    const again = first.filter(({ module: { path, error, isFatal, missing = [] } }) =>
      !isFatal && (ways.get(path)?.length ?? 0) > 1 && (error !== undefined || missing.length > 0)
    ).map(({ module }) => module.path);
    if (again.length > 0) {
      const second = await Promise.all(interpreters.all.map((by) => {
        const others = again.filter((path) => ways.get(path)![1] === by);
        return others.length === 0 ? [] : load(by, [...pathsBy(by, 0), ...others]);
      }));
      for (const one of second.flat().filter(({ module }) => again.includes(module.path))) {
        if (isBetter(one, better.get(one.module.path)!)) better.set(one.module.path, one);
      }
    }
    chosen = new Map(files.map(({ path, fileVersion }) => [
      path,
      { fileVersion, by: better.get(path)!.by },
    ]));
    // Each process keeps what it runs, and nothing else.
    if (again.length > 0) {
      await Promise.all(
        interpreters.all.map((by) =>
          load(by, files.map(({ path }) => path).filter((path) => chosen.get(path)!.by === by))
        ),
      );
    }
    return [...better.values()];
  }
}

function isBetter({ module: one }: Attempt, { module: other }: Attempt): boolean {
  if ((one.error === undefined) !== (other.error === undefined)) return one.error === undefined;
  return one.error === undefined && (one.missing?.length ?? 0) < (other.missing?.length ?? 0);
}

/** `guessed`: where a wanted collector is in no file's text, any of them may have it. */
function neededOf(
  { wanted, isOurs: isBuiltIn, files: single = [] }: PluginRequest,
  texts: readonly PythonText[],
  isOurs: (path: string, name: string) => boolean,
): {
  readonly needed: ReadonlySet<string>;
  readonly guessed: ReadonlySet<string>;
  readonly lost: readonly string[];
} {
  const needed = new Set(single.filter((path) => texts.some(({ file }) => file.path === path)));
  const lost: string[] = [];
  for (const name of wanted) {
    const found = filesOf(name, texts);
    for (const { file: { path }, names } of found) {
      const isDefined = names.includes(name) || !isBuiltIn(name);
      if (isDefined && !isOurs(path, name)) needed.add(path);
    }
    if (found.length === 0 && !isBuiltIn(name)) lost.push(name);
  }
  const guessed = new Set(
    lost.length > 0 ? texts.map(({ file }) => file.path).filter((path) => !needed.has(path)) : [],
  );
  return { needed: new Set([...needed, ...guessed]), guessed, lost };
}

export function missingPython(python: string): string {
  return python === "none"
    ? "It is in Python, and python = none in [server]"
    : `It is in Python, and there is no ${
      python || INTERPRETER_NAMES.join(" or ")
    } here: install one, or name it in [server] python`;
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
function unloadedOf(name: string): Declaration {
  return { name, doc: "In Python; loaded when enabled", path: name, options: null, metrics: null };
}
