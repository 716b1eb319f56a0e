/**
 * Finds the files that may hold collectors or handlers of the operator's own, as Diamond does:
 * through all folders below, without those whose names begin with `test` or a dot.
 */

import { readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { messageOf } from "../../core/errors.ts";
import type { ModuleFile } from "../../core/plugin_protocol.ts";
import { configFiles } from "../fs/config_files.ts";

export interface FoundFile extends ModuleFile {
  readonly kind: "module" | "python";
  /** Why it is not used. */
  readonly refused?: string;
}

export interface Found {
  readonly files: readonly FoundFile[];
  readonly folders: readonly string[];
  /** Folders that cannot be looked into, and why. */
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
}

const KINDS: Readonly<Record<string, FoundFile["kind"]>> = {
  ts: "module",
  js: "module",
  mjs: "module",
  py: "python",
};
/** Group or others. */
const OTHERS_WRITE = 0o022;
/** A link that leads back must not be followed for ever. */
const MAX_DEPTH = 16;

/** `owner`: who may have written it besides root, where the agent is root; undefined where it is not. */
export function findPluginFiles(
  paths: readonly string[],
  single: readonly string[],
  owner: number | undefined,
): Found {
  const files: FoundFile[] = [];
  const folders: string[] = [];
  const problems: { path: string; problem: string }[] = [];

  function look(folder: string, depth: number): void {
    let names: string[];
    try {
      names = readdirSync(folder).sort();
    } catch (error) {
      problems.push({ path: folder, problem: `cannot be read: ${messageOf(error)}` });
      return;
    }
    folders.push(folder);
    for (const name of names) {
      if (/^(test|\.)/.test(name)) continue;
      const path = join(folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory() && depth < MAX_DEPTH && name !== "node_modules") {
        look(path, depth + 1);
      } else if (stat?.isFile()) take(path);
    }
  }

  function take(path: string): void {
    const kind = KINDS[path.slice(path.lastIndexOf(".") + 1)];
    if (kind === undefined || path.endsWith(".d.ts")) return;
    const fileVersion = configFiles.fileVersion(path);
    if (fileVersion === undefined) {
      problems.push({ path, problem: "is not there" });
      return;
    }
    files.push({
      path,
      fileVersion,
      kind,
      refused: distrust(path, owner) ?? distrust(dirname(path), owner),
    });
  }

  for (const path of paths) if (path !== "") look(resolve(path), 0);
  for (const path of single) take(resolve(path));
  return { files, folders, problems };
}

/** What others may write must not be run by root. */
function distrust(path: string, owner: number | undefined): string | undefined {
  if (owner === undefined || process.platform === "win32") return undefined;
  const { mode, uid } = statSync(path, { throwIfNoEntry: false }) ?? { mode: 0, uid: 0 };
  if (uid !== 0 && uid !== owner) {
    return `"${path}" belongs to user ${uid}, who could make the agent, which is root, run anything: chown root`;
  }
  // In a folder with the sticky bit nobody can replace the files of others.
  if ((mode & OTHERS_WRITE) !== 0 && (mode & 0o1000) === 0) {
    return `Others may write "${path}", and so make the agent, which is root, run anything: chmod go-w`;
  }
  return undefined;
}
