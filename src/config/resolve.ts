/**
 * From the tree to typed settings. Every value is converted by the option that declares it, and all
 * that is wrong is found at once: with file and line, what was found, and what is allowed.
 */

import { NO_PLUGINS, type Plugins } from "../ports/plugins.ts";
import type { ConfigFiles } from "../ports/local_files.ts";
import { SELF_NAME } from "../core/collector.ts";
import { isTrue } from "../core/option.ts";
import { accessProblems } from "./access.ts";
import { toPlain } from "./configobj.ts";
import { convert, type ResolveContext } from "./convert.ts";
import { loadConfig } from "./load.ts";
import { isLogSection, resolveLog } from "./logging.ts";
import { emptyProblems } from "./empty.ts";
import { networkProblems } from "./network_paths.ts";
import { pageProblems } from "./page.ts";
import { didYouMean, fatal, notice, type Problem, warning } from "./problems.ts";
import { resolveCollectors } from "./resolve_collectors.ts";
import { foreignHandlers, handlerNames, resolveHandlers } from "./resolve_handlers.ts";
import { retiredServerOptions, serverOptions, type ServerValues } from "./server_options.ts";
import type { Catalogue, LeftOut, ResolveRequest, Settings } from "./settings.ts";
import { isSection, leaf, type Origin, type Section, subsection, subsections } from "./tree.ts";

const TOP_SECTIONS = ["server", "handlers", "collectors", "configs", "loggers", "formatters"];

export async function resolveSettings(request: ResolveRequest): Promise<Settings> {
  const loaded = loadConfig(request.path, request.files);
  const problems: Problem[] = [...loaded.problems];
  const { root } = loaded;
  const leftOut: LeftOut[] = [];
  const context: ResolveContext = { ...request, root, problems, leftOut };

  for (const [name, section] of root.entries) {
    if (TOP_SECTIONS.includes(name) || isLogSection(name)) continue;
    const what = isSection(section) ? `section [${name}]` : `key "${name}" outside of any section`;
    problems.push(notice(section.origin, `unknown ${what}${didYouMean(name, TOP_SECTIONS)}`));
  }
  if (subsection(root, "server") === undefined && request.only === undefined) {
    problems.push(fatal({ file: request.path, line: 0 }, "there is no [server] section"));
  }

  const declared = { ...serverOptions, ...retiredServerOptions };
  const { values, origins } = convert(
    context,
    declared,
    [subsection(root, "server")],
    "[server]",
  );
  const server = values as unknown as ServerValues;
  problems.push(...pageProblems(server, origins, request.path));

  const custom = await loadPlugins(context, server);
  const withPlugins = {
    ...context,
    catalogue: joined(request.catalogue, custom),
    plugins: custom.files,
    isPending: custom.pending !== undefined,
  };
  const collectors = await resolveCollectors(withPlugins);
  if (custom.pending !== undefined && collectors.every(({ section }) => section === SELF_NAME)) {
    // Nothing runs without them.
    await custom.pending.catch(() => {});
    return await resolveSettings({
      ...request,
      custom: { ...request.custom!, patience: undefined },
    });
  }
  const handlers = request.only !== undefined
    ? []
    : await resolveHandlers(withPlugins, server, origins);
  const log = resolveLog(loaded.main, problems);
  const hasPlugins = server.collectors_path.length + server.handlers_path.length > 0;
  // Plugins that are not loaded may be all that there is.
  if (request.only === undefined && (request.custom !== undefined || !hasPlugins)) {
    problems.push(...emptyProblems(request, { collectors, handlers, server, origins }));
  }
  const settings = {
    file: request.path,
    files: loaded.files,
    directories: loaded.directories,
    fingerprint: loaded.fingerprint,
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
  return { ...settings, problems: loaded.unreadable ? loaded.problems : problems };
}

/** Loads the operator's plugins. A problem in one file does not stop the other plugins. */
async function loadPlugins(context: ResolveContext, server: ServerValues): Promise<Plugins> {
  const { custom: source, catalogue, problems } = context;
  const { collectors_path, handlers_path } = server;
  const { loader, files = [], user = server.user, group = server.group } = source ?? {};
  if (loader === undefined) return NO_PLUGINS;
  if (collectors_path.length + handlers_path.length + files.length === 0) return NO_PLUGINS;
  const custom = await loader.load({
    collectorsPath: collectors_path.flatMap(byCommas),
    handlersPath: handlers_path.flatMap(byCommas),
    files,
    roots: { procfs: server.procfs, sysfs: server.sysfs, rootfs: server.rootfs },
    isolation: source?.isolation ?? server.isolation,
    handlersIsolation: server.handlers_isolation,
    wantedHandlers: foreignHandlers(server, Object.keys(catalogue.handlers)),
    python: server.python,
    wanted: wanted(context),
    config: { path: context.files.absolute(context.path), tree: plainConfig(context) },
    patience: source?.patience,
    isOurs: (name) => Object.hasOwn(catalogue.collectors, name),
    maxMemory: server.custom_max_memory,
    maxCpu: server.custom_max_cpu,
    user,
    group,
  });
  for (const { path: file, names, problem, keptOld, isSilent = false } of custom.files) {
    const at = { file, line: 0 };
    if (problem !== undefined) {
      const message = keptOld ? `${problem}; the version before it runs on` : problem;
      problems.push(isMissing(problem) && !isSilent ? warning(at, message) : notice(at, message));
    }
    for (const name of names) {
      if (Object.hasOwn(catalogue.collectors, name) || Object.hasOwn(catalogue.handlers, name)) {
        problems.push(warning(at, `Its ${name} takes the place of the agent's own`));
      }
    }
  }
  return custom;
}

/** The classes of collectors that are to run, or are at work. */
function wanted({ root, only, own = {}, atWork = [] }: ResolveContext): readonly string[] {
  const className = (section: string) => section.split(/\s+/)[0];
  if (only !== undefined) return only.map(className);
  const enabled = subsections(subsection(root, "collectors")).filter(([, section]) =>
    isEnabled(section)
  ).map(([name]) => className(name));
  return [...new Set([...enabled, ...atWork])].filter((name) => !Object.hasOwn(own, name));
}

function isEnabled(section: Section): boolean {
  const { value } = leaf(section, "enabled") ?? { value: "" };
  return typeof value === "string" && isTrue(value);
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

/**
 * Returns the part of the configuration that Python collectors may see. The options of handlers are left out,
 * because they are secret, and so are the secrets of the agent itself.
 */
function plainConfig({ root }: ResolveContext): Record<string, unknown> {
  const plain = (name: string): Record<string, unknown> => {
    const section = subsection(root, name);
    return section === undefined ? {} : toPlain(section, ({ value }) => value);
  };
  const server = Object.entries(plain("server")).filter(([name]) =>
    !serverOptions[name as keyof typeof serverOptions]?.secret
  );
  const names = subsections(subsection(root, "handlers")).map(([name]) => [name, {}]);
  return {
    server: Object.fromEntries(server),
    collectors: plain("collectors"),
    handlers: Object.fromEntries(names),
  };
}

/** Whether a plugin folder is missing. That is only a warning: Diamond's folder may have been removed. */
function isMissing(problem: string): boolean {
  return problem.startsWith("cannot be read");
}

function byCommas(paths: string): string[] {
  return paths.split(",").map((path) => path.trim()).filter((path) => path !== "");
}

/** The operator's own first. */
export function joined(catalogue: Catalogue, custom: Plugins): Catalogue {
  const ready = <T>(plugins: Readonly<Record<string, T>>) =>
    Object.fromEntries(
      Object.entries(plugins).map(([name, plugin]) => [
        name,
        () => Promise.resolve({ default: plugin }),
      ]),
    );
  return {
    collectors: { ...catalogue.collectors, ...ready(custom.collectors) },
    handlers: { ...catalogue.handlers, ...ready(custom.handlers) },
  };
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
