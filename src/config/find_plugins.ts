/** The plugins of a configuration. Here processes are started; the rest of config/ is pure. */

import { isTrue } from "../core/option.ts";
import { NO_PLUGINS, type Plugins } from "../ports/plugins.ts";
import { toPlain } from "./configobj.ts";
import type { ResolveContext } from "./convert.ts";
import { notice, warning } from "./problems.ts";
import { foreignHandlers } from "./resolve_handlers.ts";
import { serverOptions, type ServerValues } from "./server_options.ts";
import type { Catalogue } from "./settings.ts";
import { leaf, type Section, subsection, subsections } from "./tree.ts";

/** Loads them. A problem in one file does not stop the other plugins. */
export async function findPlugins(context: ResolveContext, server: ServerValues): Promise<Plugins> {
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

export function isEnabled(section: Section): boolean {
  const { value } = leaf(section, "enabled") ?? { value: "" };
  return typeof value === "string" && isTrue(value);
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

/** With plugins, which take the place of what has the same name. */
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
