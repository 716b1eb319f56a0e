/**
 * Collectors that were written for Diamond, in Python, run by the host's own Python: each file by the one that
 * can read it. A file's code is only run when it may have a collector that the configuration enables.
 */

import { dirname } from "node:path";
import type { AnyCollector } from "../../core/collector.ts";
import type { Declaration, LoadedModule, ModuleFile } from "../../core/plugin_protocol.ts";
import type { Log } from "../../ports/log.ts";
import {
  isDiamonds,
  type PluginFile,
  type PluginProcessFigures,
  type PluginRequest,
} from "../../ports/plugins.ts";
import {
  createInterpreters,
  type Interpreter,
  INTERPRETER_NAMES,
  type Interpreters,
} from "./interpreters.ts";
import { createProxyMaker } from "./proxy.ts";
import { PythonAttempts } from "./python_attempts.ts";
import { filesOf, type PythonText, readTexts } from "./python_files.ts";
import { createPluginSwap } from "./swap.ts";

interface Loaded {
  readonly collectors: readonly AnyCollector[];
  readonly files: readonly PluginFile[];
}

/** Whether the agent itself has a collector, and the file is Diamond's own. */
type IsOurs = (path: string, name: string) => boolean;

export class PythonCollectors {
  readonly #interpreters: Interpreters;
  readonly #attempts: PythonAttempts;
  /** Of classes that were only seen. */
  readonly #unloaded = createProxyMaker(createPluginSwap());

  constructor(log: () => Log) {
    this.#interpreters = createInterpreters(log);
    this.#attempts = new PythonAttempts(this.#interpreters);
  }

  async load(
    request: PluginRequest,
    files: readonly ModuleFile[],
    folders: readonly string[],
  ): Promise<Loaded> {
    this.#unloaded.begin();
    for (const { proxies } of this.#interpreters.all) proxies.begin();
    const texts = readTexts(files);
    const isOurs: IsOurs = (path, name) => isDiamonds(path) && request.isOurs(name);
    const needed = neededOf(request, texts, isOurs);
    const isMissing = this.#interpreters.choice(request.python, false).length === 0;
    const runs = isMissing ? new Set<string>() : needed.needed;
    const seen = this.#seen(request.python, texts, runs, needed, isOurs);
    if (runs.size === 0) {
      await Promise.all(this.#interpreters.all.map((one) => one.load(request, [], {})));
      return seen;
    }
    const alone = (request.files ?? []).map((path) => dirname(path));
    const { config } = request;
    const context = { folders: [...folders, ...alone], config, lost: needed.lost };
    const loaded = (await this.#attempts.load(request, texts, runs, context))
      .map(({ by, module }) => resultOf(by, module, needed.guessed, isOurs));
    return {
      collectors: [...seen.collectors, ...loaded.flatMap(({ collectors }) => collectors)],
      files: [...seen.files, ...loaded.map(({ file }) => file)],
    };
  }

  figures(): readonly PluginProcessFigures[] {
    return this.#interpreters.all.flatMap((one) => one.figures());
  }

  async close(): Promise<void> {
    await Promise.all(this.#interpreters.all.map((one) => one.close()));
  }

  /** What is said of files whose code is not run. */
  #seen(
    python: string,
    texts: readonly PythonText[],
    runs: ReadonlySet<string>,
    { needed, guessed }: Needed,
    isOurs: IsOurs,
  ): Loaded {
    const files: PluginFile[] = [];
    const collectors: AnyCollector[] = [];
    const defined = new Set(texts.flatMap(({ names }) => names));
    for (const { file: { path }, names, imported } of texts) {
      if (runs.has(path)) continue;
      const why = needed.has(path) && !guessed.has(path)
        ? { problem: missingPython(python) }
        : { note: noteOn(path, names, isOurs) };
      files.push({ path, names: [], ...why });
      const own = [...names, ...imported.filter((name) => !defined.has(name))]
        .filter((name) => !isOurs(path, name));
      collectors.push(...own.map((name) => this.#unloaded.proxyOf(unloadedOf(name), path, 0)));
    }
    return { collectors, files };
  }
}

/** What came of one file that was run. */
function resultOf(
  by: Interpreter,
  { path, version, collectors, error }: LoadedModule,
  guessed: ReadonlySet<string>,
  isOurs: IsOurs,
): { readonly collectors: readonly AnyCollector[]; readonly file: PluginFile } {
  const own = collectors.filter(({ name }) => !isOurs(path, name));
  const names = own.map(({ name }) => name);
  const isGuess = guessed.has(path) && names.length === 0;
  const keptOld = error !== undefined && names.length > 0;
  const file: PluginFile = isGuess
    ? { path, names, keptOld, note: `Python, ${error ?? "without an enabled collector"}` }
    : error !== undefined
    ? { path, names, keptOld, problem: error }
    : names.length === 0
    ? {
      path,
      names,
      keptOld,
      note: "has no class that is derived from diamond.collector.Collector",
    }
    : { path, names, keptOld, note: `Python, run by ${by.path}` };
  return { collectors: own.map((one) => by.proxies.proxyOf(one, path, version)), file };
}

interface Needed {
  readonly needed: ReadonlySet<string>;
  /** Where a wanted collector is in no file's text, any of them may have it. */
  readonly guessed: ReadonlySet<string>;
  /** Collectors that are in no file's text. */
  readonly lost: readonly string[];
}

function neededOf(
  { wanted, isOurs: isBuiltIn, files: single = [] }: PluginRequest,
  texts: readonly PythonText[],
  isOurs: IsOurs,
): Needed {
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
  isOurs: IsOurs,
): string {
  if (names.length === 0) return "Python, without a class that is called …Collector";
  if (names.every((name) => isOurs(path, name))) return "Python, what the agent has itself";
  return `Python, ${names.join(", ")}: not enabled, not loaded`;
}

/** Of a class that was only seen. */
function unloadedOf(name: string): Declaration {
  return { name, doc: "In Python; loaded when enabled", path: name, options: null, metrics: null };
}
