/** Who else may touch the files of a configuration. */

import type { ConfigFiles } from "../ports/local_files.ts";
import { fatal, type Problem, warning } from "./problems.ts";
import { serverOptions } from "./server_options.ts";
import type { Settings } from "./settings.ts";

/** A user and group to become; empty: those that the agent has. */
interface Becomes {
  readonly user: string;
  readonly group: string;
}

/**
 * A problem for each file and folder of the configuration, and of the state, that others may change, and for each file with secrets that
 * others may read. Hosts with careless modes still start, unless the configuration asks for strictness.
 */
export function accessProblems(
  settings: Omit<Settings, "problems">,
  files: ConfigFiles,
  { user, group }: Becomes,
): Problem[] {
  const found: Problem[] = [];
  const make = settings.server.strict_permissions ? fatal : warning;
  const withSecrets = new Set<string>();
  const server = { declared: serverOptions, origins: settings.serverOrigins };
  for (const { declared, origins } of [server, ...settings.collectors, ...settings.handlers]) {
    for (const [name, option] of Object.entries(declared)) {
      const at = origins.get(name);
      if (option.secret && at !== undefined) withSecrets.add(at.file);
    }
  }
  for (const file of [...settings.files, ...settings.directories]) {
    const why = files.whoElse(files.absolute(file), user, group);
    if (why !== undefined) {
      found.push(
        make(
          { file, line: 0 },
          `It ${why}: who can change it decides what the agent runs; ${MEND}`,
        ),
      );
    }
    if (withSecrets.has(file) && files.access(file)?.othersRead) {
      found.push(warning(
        { file, line: 0 },
        "Others may read this file, and there are secrets in it: chmod o-r, or use file:/path",
      ));
    }
  }
  for (const name of ["state_path", "spool_path"] as const) {
    const path = settings.server[name];
    if (path === "" || path === "off") continue;
    const why = files.whoElse(files.absolute(path), user, group);
    if (why === undefined) continue;
    const at = settings.serverOrigins.get(name) ?? { file: settings.file, line: 0 };
    found.push(
      make(at, `${name} ${why}: who can change it decides what the agent writes; ${MEND}`),
    );
  }
  return found.map((problem) => ({ ...problem, ofAccess: true }));
}

const MEND = "chown it to root or the agent's user, and chmod go-w";
