/**
 * Imports users' files, TypeScript as it is, and imports them again when they have changed. What they
 * import from "diamond-agent" is the agent itself: under Bun by a virtual module, under Deno by the
 * import map in deno.json.
 */

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import * as api from "../../api.ts";
import type { ModuleFile } from "../../core/plugin_protocol.ts";
import { url } from "../runtime/node_modules.ts";

type Exports = Readonly<Record<string, unknown>>;

interface BunPlugins {
  plugin(plugin: {
    name: string;
    setup(build: {
      module(name: string, make: () => { exports: object; loader: "object" }): void;
    }): void;
  }): void;
}

const bun = (globalThis as { Bun?: BunPlugins }).Bun;
let registered = false;

/** Throws whatever the file's own code throws, and syntax errors. */
export async function importPlugin({ path, fileVersion }: ModuleFile): Promise<Exports> {
  if (bun === undefined) return await import(`${url().pathToFileURL(path).href}?${fileVersion}`);
  if (!registered) {
    registered = true;
    bun.plugin({
      name: "diamond-agent",
      setup: (build) => build.module("diamond-agent", () => ({ exports: api, loader: "object" })),
    });
  }
  forgetFolder(dirname(path));
  return await import(path);
}

/** So that the file's neighbours, which it may import, are read again as well. */
function forgetFolder(folder: string): void {
  const { cache } = process.getBuiltinModule("node:module").createRequire(import.meta.url);
  // By hand: the runtime's own way follows links, also those that lead back.
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (/\.[cm]?[jt]s$/.test(entry.name)) delete cache[path];
    }
  }
}
