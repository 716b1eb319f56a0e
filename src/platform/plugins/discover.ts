/**
 * Finds the files that may hold collectors or handlers of the operator's own, as Diamond does:
 * through all folders below, without those whose names begin with `test` or a dot.
 */

import { readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { codeOf, messageOf } from "../../core/errors.ts";
import type { ModuleFile } from "../../core/plugin_protocol.ts";
import { configFiles } from "../fs/config_files.ts";
import type { Trusted } from "../access/trust.ts";
import { askFirst } from "../far/far.ts";
import { createPluginTrust } from "./trust.ts";

export interface FoundFile extends ModuleFile {
  readonly kind: "module" | "python";
  /** Why it is not used. */
  readonly refused?: string;
}

interface FolderProblem {
  readonly path: string;
  readonly problem: string;
  /** Its file system does not answer. */
  readonly isSilent?: boolean;
}

export interface Found {
  readonly files: readonly FoundFile[];
  readonly folders: readonly string[];
  /** Folders that cannot be looked into, and why. */
  readonly problems: readonly FolderProblem[];
}

const KINDS: Readonly<Record<string, FoundFile["kind"]>> = {
  ts: "module",
  js: "module",
  mjs: "module",
  py: "python",
};
/** A link that leads back must not be followed for ever. */
const MAX_DEPTH = 16;

/** `trusted`: who may have written them besides root, where the agent is root; undefined where it is not. */
export function findPluginFiles(
  paths: readonly string[],
  single: readonly string[],
  trusted: Trusted | undefined,
): Found {
  const files: FoundFile[] = [];
  const folders: string[] = [];
  const problems: FolderProblem[] = [];
  const seen = new Set<string>();
  const trust = trusted && createPluginTrust(trusted);

  function look(folder: string, depth: number): void {
    let names: string[];
    try {
      askFirst(folder);
      const real = realpathSync(folder);
      if (seen.has(real)) return;
      seen.add(real);
      names = readdirSync(folder).sort();
    } catch (error) {
      const isSilent = codeOf(error) === "timeout";
      problems.push({ path: folder, problem: `cannot be read: ${messageOf(error)}`, isSilent });
      return;
    }
    // Python looks for whatever is imported in all of them.
    if (trust?.inFolder(folder) === undefined) folders.push(folder);
    for (const name of names) {
      if (/^(test|\.)/.test(name)) continue;
      const path = join(folder, name);
      const stat = statOf(path);
      if (stat?.isDirectory() && depth < MAX_DEPTH && name !== "node_modules") {
        look(path, depth + 1);
      } else if (stat?.isFile()) take(path);
    }
  }

  function take(path: string): void {
    const kind = KINDS[path.slice(path.lastIndexOf(".") + 1)];
    if (kind === undefined || path.endsWith(".d.ts")) return;
    const stat = statOf(path);
    const fileVersion = configFiles.fileVersion(path);
    if (stat === undefined || fileVersion === undefined) {
      problems.push({ path, problem: "is not there" });
      return;
    }
    if (!stat.isFile() || stat.size > MAX_BYTES) {
      problems.push({ path, problem: "is not a regular file of at most 16 MB" });
      return;
    }
    files.push({ path, fileVersion, kind, refused: trust?.ofFile(path) });
  }

  for (const path of paths) if (path !== "") look(resolve(path), 0);
  for (const path of single) take(resolve(path));
  return { files, folders, problems };
}

/** The largest collectors there are have some ten kilobytes. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Undefined for a link that leads nowhere as well. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
