/** The programs in Python that run Diamond's collectors and its handlers: their modules, and what starts them. */

import process from "node:process";
import builtin_names from "./diamond/builtin_names.py" with { type: "text" };
import collector from "./diamond/collector.py" with { type: "text" };
import config from "./diamond/config.py" with { type: "text" };
import convertor from "./diamond/convertor.py" with { type: "text" };
import files from "./diamond/files.py" with { type: "text" };
import guard from "./diamond/guard.py" with { type: "text" };
import handler from "./diamond/handler.py" with { type: "text" };
import host from "./diamond/host.py" with { type: "text" };
import main from "./diamond/main.py" with { type: "text" };
import metric from "./diamond/metric.py" with { type: "text" };
import modules from "./diamond/modules.py" with { type: "text" };
import names from "./diamond/names.py" with { type: "text" };
import run from "./diamond/run.py" with { type: "text" };
import signals from "./diamond/signals.py" with { type: "text" };
import source from "./diamond/source.py" with { type: "text" };
import stream from "./diamond/stream.py" with { type: "text" };
import syntax from "./diamond/syntax.py" with { type: "text" };
import user from "./diamond/user.py" with { type: "text" };
import { once } from "../runtime/once.ts";
import { trustedPythonPath } from "./python_path.ts";

/** In the order in which they need each other; one that serves comes behind them. */
const MODULES = {
  stream,
  config,
  convertor,
  metric,
  signals,
  handler,
  collector,
  syntax,
  names,
  builtin_names,
  source,
  files,
  run,
  modules,
  user,
  guard,
};

interface PythonProgram {
  /** What it reads from stdin before the first request, so that a list of processes does not show all of it. */
  readonly preamble: string;
  command(python: string): string[];
}

export const collectorsProgram = once(() => programOf("collectors", { ...MODULES, main }));
export const handlersProgram = once(() => programOf("a handler", { ...MODULES, host }));

function programOf(what: string, modules: Readonly<Record<string, string>>): PythonProgram {
  const preamble = JSON.stringify(Object.entries(modules)).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return {
    preamble,
    command: (python) => [
      python,
      // Root's Python looks neither into the working folder nor at variables that change it.
      ...(isRoot() ? ["-E", "-s"] : []),
      "-u",
      "-c",
      bootstrap(preamble.length),
      `diamond-agent: ${what} in Python`,
    ],
  };
}

/** What the agent says to it first: whom it becomes, and where its modules may be. */
export function pythonSetup({ user, group }: { user: string; group: string }) {
  const pythonPath = isRoot() ? trustedPythonPath(user, group) : [];
  return { do: "setup", roots: {}, user, group, pythonPath } as const;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function bootstrap(length: number): string {
  return `import sys
sys.path[:] = [path for path in sys.path if path]
import json, os, types
n, s = ${length}, b""
while len(s) < n: s += os.read(0, n - len(s))
package = sys.modules["_diamond"] = types.ModuleType("_diamond")
package.__path__ = []
for name, text in json.loads(s.decode("ascii")):
  name = str(name)
  module = sys.modules["_diamond." + name] = types.ModuleType("_diamond." + name)
  setattr(package, name, module)
  exec(compile(text, name + ".py", "exec"), module.__dict__)`;
}
