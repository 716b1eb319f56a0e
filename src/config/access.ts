/** Who else may touch the files of a configuration. */

import type { ConfigFiles } from "../ports/local_files.ts";
import { type Problem, warning } from "./problems.ts";
import type { Settings } from "./settings.ts";

/** A warning for each file that others may write, and for each with secrets that others may read. */
export function accessProblems(settings: Settings, files: ConfigFiles): Problem[] {
  const found: Problem[] = [];
  const warn = (file: string, message: string) => found.push(warning({ file, line: 0 }, message));
  const withSecrets = new Set<string>();
  for (const { declared, origins } of [...settings.collectors, ...settings.handlers]) {
    for (const [name, option] of Object.entries(declared)) {
      const at = origins.get(name);
      if (option.secret && at !== undefined) withSecrets.add(at.file);
    }
  }
  for (const file of settings.files) {
    const access = files.access(file);
    if (access?.othersWrite) {
      warn(file, "Others may write this file, and so decide what the agent runs: chmod o-w");
    }
    if (access?.othersRead && withSecrets.has(file)) {
      warn(
        file,
        "Others may read this file, and there are secrets in it: chmod o-r, or use file:/path",
      );
    }
  }
  return found;
}
