/**
 * From the tree to typed settings. Every value is converted by the option that declares it, and all
 * that is wrong is found at once: with file and line, what was found, and what is allowed.
 */

import type { ConfigFiles } from "../core/files.ts";
import { convert, type ResolveContext } from "./convert.ts";
import { loadConfig } from "./load.ts";
import { isLogSection, resolveLog } from "./logging.ts";
import { didYouMean, fatal, notice, type Problem } from "./problems.ts";
import { resolveCollectors } from "./resolve_collectors.ts";
import { resolveHandlers } from "./resolve_handlers.ts";
import { retiredServerOptions, serverOptions, type ServerValues } from "./server_options.ts";
import type { ResolveRequest, Settings } from "./settings.ts";
import { isSection, subsection } from "./tree.ts";

const TOP_SECTIONS = ["server", "handlers", "collectors", "configs", "loggers", "formatters"];

export async function resolveSettings(request: ResolveRequest): Promise<Settings> {
  const loaded = loadConfig(request.path, request.files);
  const problems: Problem[] = [...loaded.problems];
  const { root } = loaded;
  const context: ResolveContext = { ...request, root, problems };

  for (const [name, section] of root.entries) {
    if (TOP_SECTIONS.includes(name) || isLogSection(name)) continue;
    const what = isSection(section) ? `section [${name}]` : `key "${name}" outside of any section`;
    problems.push(notice(section.origin, `Unknown ${what}${didYouMean(name, TOP_SECTIONS)}`));
  }
  if (subsection(root, "server") === undefined && request.only === undefined) {
    problems.push(fatal({ file: request.path, line: 0 }, "There is no [server] section"));
  }

  const declared = { ...serverOptions, ...retiredServerOptions };
  const { values, origins } = convert(
    context,
    declared,
    [subsection(root, "server")],
    "[server]",
    true,
  );
  const server = values as unknown as ServerValues;

  const collectors = await resolveCollectors(context);
  const handlers = request.only !== undefined
    ? []
    : await resolveHandlers(context, server, origins);
  const log = resolveLog(loaded.main, problems);
  return {
    file: request.path,
    files: loaded.files,
    directories: loaded.directories,
    server,
    serverOrigins: origins,
    collectors,
    handlers,
    log,
    problems: loaded.unreadable ? loaded.problems : problems,
  };
}

/** The settings for `collect` and the like when no file is named: defaults only. */
export function emptySettings(request: Omit<ResolveRequest, "path" | "files">): Promise<Settings> {
  const nothing: ConfigFiles = {
    read: () => "",
    list: () => undefined,
    access: () => undefined,
    signature: () => undefined,
    absolute: (path) => path,
    unwritable: () => undefined,
  };
  return resolveSettings({ ...request, path: "(defaults)", files: nothing });
}
