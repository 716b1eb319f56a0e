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

const MEND = "chown it to root or the agent's user, and chmod go-w";

/**
 * A problem for each file and folder of the configuration, and of the state, that others may change, and for each
 * file with secrets that others may read. Hosts with careless modes still start, unless the configuration asks for
 * strictness.
 */
export function accessProblems(
  settings: Omit<Settings, "problems">,
  files: ConfigFiles,
  becomes: Becomes,
): Problem[] {
  const make = settings.server.strict_permissions ? fatal : warning;
  const whoElse = (path: string) =>
    files.whoElse(files.absolute(path), becomes.user, becomes.group);
  const secret = filesWithSecrets(settings);
  const found: Problem[] = [];
  for (const file of [...settings.files, ...settings.directories]) {
    const at = { file, line: 0 };
    const why = whoElse(file);
    if (why !== undefined) {
      found.push(make(at, `It ${why}: who can change it decides what the agent runs; ${MEND}`));
    }
    if (secret.has(file) && files.access(file)?.othersRead) {
      found.push(warning(
        at,
        "Others may read this file, and there are secrets in it: chmod o-r, or use file:/path",
      ));
    }
  }
  for (const name of ["state_path", "spool_path"] as const) {
    const path = settings.server[name];
    const why = path === "" || path === "off" ? undefined : whoElse(path);
    if (why === undefined) continue;
    const at = settings.serverOrigins.get(name) ?? { file: settings.file, line: 0 };
    found.push(
      make(at, `${name} ${why}: who can change it decides what the agent writes; ${MEND}`),
    );
  }
  return found.map((problem) => ({ ...problem, ofAccess: true }));
}

function filesWithSecrets(settings: Omit<Settings, "problems">): ReadonlySet<string> {
  const server = { declared: serverOptions, origins: settings.serverOrigins };
  const parts = [server, ...settings.collectors, ...settings.handlers];
  return new Set(
    parts.flatMap(({ declared, origins }) =>
      Object.entries(declared).flatMap(([name, option]) => {
        const at = origins.get(name);
        return option.secret && at !== undefined ? [at.file] : [];
      })
    ),
  );
}
