/** Finds a collector or handler by what people call it. */

import type { AnyCollector } from "../core/collector.ts";
import type { AnyHandler } from "../core/handler.ts";
import { diamondsName, notBuiltIn } from "../config/diamonds.ts";
import { didYouMean } from "../config/problems.ts";
import { joined } from "../config/find_plugins.ts";
import { emptySettings, resolveSettings } from "../config/resolve.ts";
import type { Catalogue, PluginSource, Settings } from "../config/settings.ts";
import { isDiamonds, type Isolation, type Plugins } from "../ports/plugins.ts";
import { configError } from "../core/errors.ts";
import { configPath, DEFAULT_CONFIG, flagRoots, type Flags } from "./command.ts";
import type { World } from "./world.ts";
import { UsageError } from "./flags.ts";

/** The agent's own and the operator's: those of `-c`, or of the standard configuration where there is one. */
export async function allPlugins(
  world: World,
  flags: Flags,
  files: readonly string[] = [],
  isolation?: Isolation,
  /** Load those that the configuration enables, not those of `files` alone. */
  enabled = false,
): Promise<{ catalogue: Catalogue; custom: Plugins; source: PluginSource; settings: Settings }> {
  const isNamed = flags.text("configfile") !== undefined;
  const path = isNamed || world.files.access(DEFAULT_CONFIG) ? configPath(world, flags) : undefined;
  const loader = world.custom(flagRoots(flags));
  const source: PluginSource = { loader, files, isolation };
  const request = { catalogue: world.catalogue, only: enabled ? undefined : [], custom: source };
  const settings = path === undefined
    ? await emptySettings({ ...request, only: [] })
    : await resolveSettings({ ...request, path, files: world.files });
  const { custom } = settings;
  return { catalogue: joined(world.catalogue, custom), custom, source, settings };
}

/** The collectors and handlers in a file that was named. Throws `config` where there are none. */
export function namesIn({ files }: Plugins, path: string): readonly string[] {
  const file = files.find((one) => one.path === path);
  if (file === undefined || file.names.length === 0) {
    throw configError(`${path}: ${file?.problem ?? file?.note ?? "is not there"}`);
  }
  return file.names;
}

/** By name in any case, with or without "Collector" or "Handler", by file (`cpu.py`), or by metric path. */
export async function findCollector(
  { collectors }: Catalogue,
  word: string,
): Promise<string | undefined> {
  const wanted = word.slice(word.lastIndexOf("/") + 1).replace(/\.(py|ts|js|mjs)$/, "");
  const name = byName(Object.keys(collectors), wanted, "Collector");
  if (name !== undefined) return name;
  for (const [candidate, load] of Object.entries(collectors)) {
    if ((await load()).default.path === wanted) return candidate;
  }
  return undefined;
}

/** Words that are files, by their full paths, and those that are names: `CPUCollector`, and Diamond's `cpu.py`, which is here by its name. */
export async function sorted(
  { files, catalogue }: World,
  words: readonly string[],
): Promise<{ paths: string[]; names: string[] }> {
  const paths: string[] = [];
  const names: string[] = [];
  for (const word of words) {
    const isFile = /\.(ts|js|mjs)$/.test(word) ||
      (/\.py$/.test(word) && files.access(files.absolute(word)) !== undefined &&
        !(isDiamonds(files.absolute(word)) && await findCollector(catalogue, word)));
    if (isFile) paths.push(files.absolute(word));
    else names.push(word);
  }
  return { paths, names };
}

/** Everything that the agent itself has. */
export async function declared(
  { collectors, handlers }: Catalogue,
): Promise<{ collectors: AnyCollector[]; handlers: AnyHandler[] }> {
  const loaded = async <T>(all: Readonly<Record<string, () => Promise<{ default: T }>>>) =>
    await Promise.all(Object.values(all).map(async (load) => (await load()).default));
  return { collectors: await loaded(collectors), handlers: await loaded(handlers) };
}

export function findHandler({ handlers }: Catalogue, word: string): string | undefined {
  return byName(Object.keys(handlers), word, "Handler");
}

export function unknownPlugin(what: string, word: string, known: readonly string[]): UsageError {
  const diamonds = diamondsName(word);
  return new UsageError(
    diamonds === undefined
      ? `there is no ${what} "${word}"${didYouMean(word, known)}`
      : `there is no ${diamonds.name} here yet: ${notBuiltIn(diamonds.kind)}`,
  );
}

function byName(known: readonly string[], word: string, ending: string): string | undefined {
  const forms = [word, word + ending].map((form) => form.toLowerCase());
  return known.find((name) => name === word) ??
    known.find((name) => forms.includes(name.toLowerCase()));
}
