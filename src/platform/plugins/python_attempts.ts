/** Loads each Python file by the Python that it was written for, and by the other one where that gets on better. */

import { fnv1a } from "../../core/hash.ts";
import type { LoadContext, LoadedModule, ModuleFile } from "../../core/plugin_protocol.ts";
import type { PluginRequest } from "../../ports/plugins.ts";
import type { Interpreter, Interpreters } from "./interpreters.ts";
import { oldOnes, type PythonText } from "./python_files.ts";

/** A file, and how one of the Pythons got on with it. */
interface Attempt {
  readonly by: Interpreter;
  readonly module: LoadedModule;
}

/** One load of all files. */
interface Load {
  readonly request: PluginRequest;
  readonly context: LoadContext;
  /** Of all files: whichever of them is a helper, when one has changed the others are looked at as well. */
  readonly version: string;
  /** By path: the Pythons that may run it, the better one first. */
  readonly ways: ReadonlyMap<string, readonly Interpreter[]>;
}

export class PythonAttempts {
  readonly #interpreters: Interpreters;
  /** By path: what was chosen for this version of the file. */
  #chosen: ReadonlyMap<string, { readonly fileVersion: string; readonly by: Interpreter }> =
    new Map();

  constructor(interpreters: Interpreters) {
    this.#interpreters = interpreters;
  }

  /** `needed`: the paths of those that are loaded. */
  async load(
    request: PluginRequest,
    texts: readonly PythonText[],
    needed: ReadonlySet<string>,
    context: LoadContext,
  ): Promise<readonly Attempt[]> {
    const files = texts.map(({ file }) => file).filter(({ path }) => needed.has(path));
    const ways = this.#waysOf(files, oldOnes(texts), request.python);
    const load = { request, context, version: versionOf(texts), ways };
    const first = await this.#by((by) => loadBy(load, by, firstOf(load, by)));
    const better = new Map(first.map((one) => [one.module.path, one]));
    const again = first.filter((one) => deservesAnother(one, load)).map(({ module }) =>
      module.path
    );
    for (const one of await this.#tryAgain(load, again)) {
      if (isBetter(one, better.get(one.module.path)!)) better.set(one.module.path, one);
    }
    const chosen = new Map(files.map(({ path, fileVersion }) => [
      path,
      { fileVersion, by: better.get(path)!.by },
    ]));
    this.#chosen = chosen;
    // Each process keeps what it runs, and nothing else.
    if (again.length > 0) {
      const paths = [...chosen.keys()];
      await this.#by((by) => loadBy(load, by, paths.filter((path) => chosen.get(path)!.by === by)));
    }
    return [...better.values()];
  }

  #waysOf(files: readonly ModuleFile[], old: ReadonlySet<string>, python: string): Load["ways"] {
    return new Map(files.map(({ path, fileVersion }) => {
      const choice = this.#interpreters.choice(python, old.has(path));
      const before = this.#chosen.get(path);
      const isKnown = before?.fileVersion === fileVersion && choice.includes(before.by);
      return [path, isKnown ? [before.by] : choice];
    }));
  }

  /** By the second Python of each, which keeps what it has. */
  async #tryAgain(load: Load, paths: readonly string[]): Promise<readonly Attempt[]> {
    if (paths.length === 0) return [];
    const attempts = await this.#by((by) => {
      const others = paths.filter((path) => load.ways.get(path)![1] === by);
      return others.length === 0 ? [] : loadBy(load, by, [...firstOf(load, by), ...others]);
    });
    return attempts.filter(({ module }) => paths.includes(module.path));
  }

  /** Asks all at once. */
  async #by(
    ask: (by: Interpreter) => readonly Attempt[] | Promise<readonly Attempt[]>,
  ): Promise<readonly Attempt[]> {
    return (await Promise.all(this.#interpreters.all.map(ask))).flat();
  }
}

async function loadBy(
  { request, context, version }: Load,
  by: Interpreter,
  paths: readonly string[],
): Promise<readonly Attempt[]> {
  const files = paths.map((path) => ({ path, fileVersion: version }));
  return (await by.load(request, files, context)).map((module) => ({ by, module }));
}

/** The files that a Python is the better one for. */
function firstOf({ ways }: Load, by: Interpreter): string[] {
  return [...ways].filter(([, way]) => way[0] === by).map(([path]) => path);
}

/** What ends one Python, or does not let it go on, is not tried with the other. */
function deservesAnother({ module }: Attempt, { ways }: Load): boolean {
  const { path, error, isFatal, missing = [] } = module;
  return !isFatal && (ways.get(path)?.length ?? 0) > 1 &&
    (error !== undefined || missing.length > 0);
}

function isBetter({ module: one }: Attempt, { module: other }: Attempt): boolean {
  if ((one.error === undefined) !== (other.error === undefined)) return one.error === undefined;
  return one.error === undefined && (one.missing?.length ?? 0) < (other.missing?.length ?? 0);
}

function versionOf(texts: readonly PythonText[]): string {
  const all = texts.map(({ file: { path, fileVersion } }) => `${path} ${fileVersion}`);
  return String(fnv1a(all.join("\n")));
}
