/** The Pythons of this machine: 3, and 2.7 where somebody still has it. */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface Python {
  readonly version: string;
  readonly path: string;
}

export const pythons: readonly Python[] = found();
export const noPython = pythons.length > 0 ? false : "there is no Python";

function found(): Python[] {
  // pyenv keeps those of old times.
  const pyenv = join(homedir(), ".pyenv/versions");
  const versions = existsSync(pyenv) ? readdirSync(pyenv) : [];
  const old = versions.filter((version) => version.startsWith("2.7")).map((version) =>
    join(pyenv, version, "bin/python")
  );
  const byVersion = new Map<string, Python>();
  for (const path of ["/usr/bin/python3", "python3", "python2.7", ...old]) {
    const { stdout, status } = spawnSync(path, [
      "-c",
      "import sys; print('%d' % sys.version_info[0])",
    ], { encoding: "utf8" });
    if (status !== 0) continue;
    const version = stdout.trim();
    if (!byVersion.has(version)) byVersion.set(version, { version, path });
  }
  return [...byVersion.values()];
}
