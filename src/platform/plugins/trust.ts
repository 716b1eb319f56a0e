/**
 * Decides whether root may run a plugin: no other user can change the file, nor what it can import, which is all
 * code in its folder and below, and what it names elsewhere.
 */

import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Trusted, whoElse } from "../access/trust.ts";

/** What an import can load. */
const CODE = /\.([cm]?[jt]sx?|json|node|wasm|py[cdo]?|so|pth|egg|zip)$/;
/** Paths and names of packages in the text of a module; one too many does no harm. */
const NAMED = /(?:from|import|require)\s*\(?\s*["'`]([^"'`\n]+)["'`]/g;
const ENDINGS = ["", ".ts", ".js", ".mjs", ".cjs", ".json", "/index.ts", "/index.js"];
const MAX_DEPTH = 16;

interface PluginTrust {
  /** Why a file is not run; undefined where it is. */
  ofFile(path: string): string | undefined;
  /** Why no code of a folder is imported, without the folders below. */
  inFolder(path: string): string | undefined;
  /** The same with all that is below it. */
  belowFolder(path: string): string | undefined;
}

/** No group may write a plugin, root's neither. */
export function createPluginTrust({ uids }: Trusted): PluginTrust {
  const trusted: Trusted = { uids, gids: [] };
  const known = new Map<string, string | undefined>();
  const visited = new Set<string>();

  function why(path: string): string | undefined {
    const reason = whoElse(path, trusted);
    return reason &&
      `"${path}" ${reason}, and the agent, which is root, would run it: chown it to root, and chmod go-w`;
  }

  function inFolder(path: string, depth: number): string | undefined {
    const folder = realPathOf(path);
    const name = `${depth > 0 ? "below" : "in"} ${folder}`;
    if (known.has(name)) return known.get(name);
    // A link that leads back finds an answer.
    known.set(name, undefined);
    const found = why(path) ?? firstOf(entriesOf(folder), (name) => {
      const entry = join(folder, name);
      const kind = kindOf(entry);
      if (kind === "folder") return depth > 0 ? inFolder(entry, depth - 1) : undefined;
      // What is not there yet may come; a device is not imported.
      return kind !== "other" && CODE.test(name) ? why(entry) : undefined;
    });
    known.set(name, found);
    return found;
  }

  /** What a module's text names outside of its folder, and what that names. */
  function named(path: string): string | undefined {
    if (visited.has(path)) return undefined;
    visited.add(path);
    return firstOf([...textOf(path).matchAll(NAMED)], ([, name]) => {
      const target = targetOf(name, dirname(path));
      if (target === undefined) return undefined;
      const isModule = kindOf(target) === "file";
      return why(target) ??
        inFolder(isModule ? dirname(target) : target, isModule ? 0 : MAX_DEPTH) ??
        (isModule ? named(target) : undefined);
    });
  }

  return {
    ofFile: (path) => why(path) ?? inFolder(dirname(path), MAX_DEPTH) ?? named(path),
    inFolder: (path) => inFolder(path, 0),
    belowFolder: (path) => inFolder(path, MAX_DEPTH),
  };
}

/** A file, or the folder of a package; undefined where there is none. */
function targetOf(name: string, folder: string): string | undefined {
  if (/^\.{0,2}\//.test(name)) {
    const path = resolve(folder, name);
    return ENDINGS.map((ending) => path + ending).find((file) => kindOf(file) === "file");
  }
  const pack = name.startsWith("@") ? name.split("/", 2).join("/") : name.split("/", 1)[0];
  for (let above = folder;; above = dirname(above)) {
    const path = join(above, "node_modules", pack);
    if (kindOf(path) === "folder") return path;
    if (above === dirname(above)) return undefined;
  }
}

function kindOf(path: string): "file" | "folder" | "other" | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat && (stat.isFile() ? "file" : stat.isDirectory() ? "folder" : "other");
  } catch {
    return undefined;
  }
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function firstOf<T>(
  items: readonly T[],
  problem: (item: T) => string | undefined,
): string | undefined {
  for (const item of items) {
    const found = problem(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
