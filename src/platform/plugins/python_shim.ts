/** The program in Python that runs Diamond's collectors: its modules, and what starts it. */

import builtin_names from "./diamond/builtin_names.py" with { type: "text" };
import collector from "./diamond/collector.py" with { type: "text" };
import config from "./diamond/config.py" with { type: "text" };
import convertor from "./diamond/convertor.py" with { type: "text" };
import files from "./diamond/files.py" with { type: "text" };
import handler from "./diamond/handler.py" with { type: "text" };
import main from "./diamond/main.py" with { type: "text" };
import metric from "./diamond/metric.py" with { type: "text" };
import modules from "./diamond/modules.py" with { type: "text" };
import names from "./diamond/names.py" with { type: "text" };
import run from "./diamond/run.py" with { type: "text" };
import signals from "./diamond/signals.py" with { type: "text" };
import source from "./diamond/source.py" with { type: "text" };
import stream from "./diamond/stream.py" with { type: "text" };
import syntax from "./diamond/syntax.py" with { type: "text" };

/** In the order in which they need each other; the last one serves. */
const MODULES = Object.entries({
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
  main,
});

/** What the program reads from stdin before the first request, so that a list of processes does not show all of it. */
export const preamble = JSON.stringify(MODULES).replace(
  /[\u007f-\uffff]/g,
  (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
);

/** Root's Python looks neither into the working folder nor at variables that change it. */
export function shimCommand(python: string, isRoot: boolean): string[] {
  const guards = isRoot ? ["-E", "-s"] : [];
  return [python, ...guards, "-u", "-c", BOOTSTRAP, "diamond-agent: collectors in Python"];
}

const BOOTSTRAP = `import sys
sys.path[:] = [path for path in sys.path if path]
import json, os, types
n, s = ${preamble.length}, b""
while len(s) < n: s += os.read(0, n - len(s))
package = sys.modules["_diamond"] = types.ModuleType("_diamond")
package.__path__ = []
for name, text in json.loads(s.decode("ascii")):
  name = str(name)
  module = sys.modules["_diamond." + name] = types.ModuleType("_diamond." + name)
  setattr(package, name, module)
  exec(compile(text, name + ".py", "exec"), module.__dict__)`;
