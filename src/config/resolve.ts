/**
 * From the tree to typed settings. Every value is converted by the option that declares it, and all
 * that is wrong is found at once: with file and line, what was found, and what is allowed.
 */

import type { ConfigFiles } from "../ports/local_files.ts";
import type { Plugins } from "../ports/plugins.ts";
import { SELF_NAME } from "../core/collector.ts";
import { accessProblems } from "./access.ts";
import { convert, type ResolveContext } from "./convert.ts";
import { findPlugins, isEnabled, joined } from "./find_plugins.ts";
import { loadConfig } from "./load.ts";
import { isLogSection, resolveLog } from "./logging.ts";
import { emptyProblems } from "./empty.ts";
import { networkProblems } from "./network_paths.ts";
import { pageProblems } from "./page.ts";
import { didYouMean, fatal, notice, type Problem } from "./problems.ts";
import { resolveCollectors } from "./resolve_collectors.ts";
import { handlerNames, resolveHandlers } from "./resolve_handlers.ts";
import { retiredServerOptions, serverOptions, type ServerValues } from "./server_options.ts";
import type { CollectorSettings, LeftOut, ResolveRequest, Settings } from "./settings.ts";
import {
  isSection,
  leaf,
  type Origin,
  type Origins,
  type Section,
  subsection,
  subsections,
} from "./tree.ts";

const TOP_SECTIONS = ["server", "handlers", "collectors", "configs", "loggers", "formatters"];

/** What a configuration says before its plugins are known. */
interface Loaded {
  readonly request: ResolveRequest;
  readonly config: ReturnType<typeof loadConfig>;
  readonly context: ResolveContext;
  readonly server: ServerValues;
  readonly origins: Origins;
}

/** Reads the files, finds the plugins, and resolves. */
export async function resolveSettings(request: ResolveRequest): Promise<Settings> {
  const loaded = load(request);
  const plugins = await findPlugins(loaded.context, loaded.server);
  const settings = await resolve(loaded, plugins);
  if (plugins.pending === undefined || settings.collectors.some(isWorking)) return settings;
  // Nothing runs without them.
  await plugins.pending.catch(() => {});
  return await resolveSettings({ ...request, custom: { ...request.custom!, patience: undefined } });
}

function isWorking({ section }: CollectorSettings): boolean {
  return section !== SELF_NAME;
}

function load(request: ResolveRequest): Loaded {
  const config = loadConfig(request.path, request.files);
  const { root } = config;
  const problems: Problem[] = [...config.problems];
  const leftOut: LeftOut[] = [];
  const context: ResolveContext = { ...request, root, problems, leftOut };
  for (const [name, section] of root.entries) {
    if (TOP_SECTIONS.includes(name) || isLogSection(name)) continue;
    const what = isSection(section) ? `section [${name}]` : `key "${name}" outside of any section`;
    problems.push(notice(section.origin, `unknown ${what}${didYouMean(name, TOP_SECTIONS)}`));
  }
  const section = subsection(root, "server");
  if (section === undefined && request.only === undefined) {
    problems.push(fatal({ file: request.path, line: 0 }, "there is no [server] section"));
  }
  const declared = { ...serverOptions, ...retiredServerOptions };
  const { values, origins } = convert(context, declared, [section], "[server]");
  const server = values as unknown as ServerValues;
  problems.push(...pageProblems(server, origins, request.path));
  return { request, config, context, server, origins };
}

/** From text to typed values. It starts no process. */
async function resolve(loaded: Loaded, custom: Plugins): Promise<Settings> {
  const { request, config, context, server, origins } = loaded;
  const { problems, leftOut, root } = context;
  const withPlugins = {
    ...context,
    catalogue: joined(request.catalogue, custom),
    plugins: custom.files,
    isPending: custom.pending !== undefined,
  };
  const collectors = await resolveCollectors(withPlugins);
  const handlers = request.only === undefined
    ? await resolveHandlers(withPlugins, server, origins)
    : [];
  const log = resolveLog(config.main, problems);
  const hasPlugins = server.collectors_path.length + server.handlers_path.length > 0;
  // Plugins that are not loaded may be all that there is.
  if (request.only === undefined && (request.custom !== undefined || !hasPlugins)) {
    problems.push(...emptyProblems(request, { collectors, handlers, server, origins }));
  }
  const settings = {
    file: request.path,
    files: config.files,
    directories: config.directories,
    fingerprint: config.fingerprint,
    server,
    serverOrigins: origins,
    collectors,
    handlers,
    leftOut,
    off: {
      collectors: offIn(root, "collectors", (_, section) => isEnabled(section)),
      handlers: offIn(root, "handlers", (name) => handlerNames(server).includes(name)),
    },
    sections: new Map([...placesIn(root, "collectors"), ...placesIn(root, "handlers")]),
    custom,
    log,
  };
  if (request.only === undefined) {
    const { user = server.user, group = server.group } = request.custom ?? {};
    problems.push(...accessProblems(settings, request.files, { user, group }));
    problems.push(...networkProblems(settings, request.files));
  }
  return { ...settings, problems: config.unreadable ? config.problems : problems };
}

/** The sections that are there and not in use. */
function offIn(root: Section, kind: string, isUsed: (name: string, section: Section) => boolean) {
  return subsections(subsection(root, kind)).filter(([name, section]) =>
    name !== "default" && !isUsed(name, section)
  ).map(([name]) => name);
}

function placesIn(root: Section, kind: string): [string, Origin][] {
  return subsections(subsection(root, kind)).map(([name, section]) => [
    name,
    leaf(section, "enabled")?.origin ?? section.origin,
  ]);
}

/** The settings for `collect` and the like when no file is named: defaults only. */
export function emptySettings(request: Omit<ResolveRequest, "path" | "files">): Promise<Settings> {
  const nothing: ConfigFiles = {
    read: () => "",
    list: () => undefined,
    access: () => undefined,
    whoElse: () => undefined,
    networkKinds: () => () => undefined,
    fileVersion: () => undefined,
    absolute: (path) => path,
    unwritable: () => undefined,
  };
  return resolveSettings({ ...request, path: "(defaults)", files: nothing });
}
