/** Files of the agent's own that lie on a network file system: when that stops answering, so does the agent. */

import type { ConfigFiles } from "../ports/local_files.ts";
import { type Problem, warning } from "./problems.ts";
import type { Settings } from "./settings.ts";
import type { Origin } from "./tree.ts";

export function networkProblems(
  settings: Omit<Settings, "problems">,
  files: ConfigFiles,
): Problem[] {
  const { server, serverOrigins, handlers, log, directories } = settings;
  const main = { file: settings.file, line: 0 };
  const found: Problem[] = [];
  const kindOf = files.networkKinds();
  const look = (name: string, path: string, origin: Origin = main) => {
    const kind = path.startsWith("/") ? kindOf(path) : undefined;
    if (kind === undefined) return;
    found.push(warning(
      origin,
      `${name} "${path}" is on a network file system (${kind}): when that stops answering, so does the agent; a local disk is safe`,
    ));
  };
  for (const name of ["pid_file", "state_path", "spool_path", "socket"] as const) {
    look(name, server[name], serverOrigins.get(name));
  }
  for (const name of ["collectors_path", "handlers_path"] as const) {
    for (const path of server[name]) look(name, path, serverOrigins.get(name));
  }
  for (const { section, options, origins } of handlers) {
    look(`log_file of [[${section}]]`, String(options.log_file ?? ""), origins.get("log_file"));
  }
  for (const { to } of log.outputs) if (to.kind === "file") look("The log", to.path);
  look("The configuration", settings.file);
  look("The executable", files.executable ?? "");
  for (const directory of directories) look("The configuration", directory);
  return found;
}
