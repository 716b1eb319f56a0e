/**
 * From the tree to typed settings. Every value is converted by the option that declares it, and all
 * that is wrong is found at once: with file and line, what was found, and what is allowed.
 */

import { type AnyCollector, commonOptions } from "../core/collector.ts";
import { messageOf } from "../core/errors.ts";
import type { ConfigFiles } from "../core/files.ts";
import { type AnyHandler, deliveryOptions } from "../core/handler.ts";
import type { Option, Options, Raw, RawSection } from "../core/option.ts";
import { toPlain } from "./configobj.ts";
import { loadConfig } from "./load.ts";
import { resolveLog } from "./logging.ts";
import { didYouMean, type Problem } from "./problems.ts";
import { retiredServerOptions, serverOptions, type ServerValues } from "./server_options.ts";
import type {
  Catalogue,
  CollectorSettings,
  HandlerSettings,
  Origins,
  Settings,
} from "./settings.ts";
import {
  isSection,
  type Leaf,
  leaf,
  type Origin,
  type Section,
  subsection,
  subsections,
} from "./tree.ts";

export interface ResolveRequest {
  readonly path: string;
  readonly files: ConfigFiles;
  readonly catalogue: Catalogue;
  /** Also resolve collectors and handlers that are not enabled, to find what is wrong with them. */
  readonly everything?: boolean;
  /** Resolve exactly these collectors, enabled or not. */
  readonly only?: readonly string[];
  /** Collectors that are not in the catalogue: the agent's own. */
  readonly own?: Readonly<Record<string, AnyCollector>>;
}

const TOP_SECTIONS = ["server", "handlers", "collectors", "configs", "loggers", "formatters"];
const LOG_SECTION = /^(logger|handler|formatter)_/;
const ENABLED = commonOptions.enabled;

export async function resolveSettings(request: ResolveRequest): Promise<Settings> {
  const loaded = loadConfig(request.path, request.files);
  const problems: Problem[] = [...loaded.problems];
  const { root } = loaded;
  const context: ResolveContext = { ...request, root, problems };

  for (const [name, section] of root.entries) {
    if (TOP_SECTIONS.includes(name) || LOG_SECTION.test(name)) continue;
    const what = isSection(section) ? `section [${name}]` : `key "${name}" outside of any section`;
    problems.push(notice(section.origin, `Unknown ${what}${didYouMean(name, TOP_SECTIONS)}`));
  }
  if (subsection(root, "server") === undefined && request.only === undefined) {
    problems.push({
      ...fault({ file: request.path, line: 0 }, "There is no [server] section"),
      fatal: true,
    });
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
    problems,
  };
}

interface ResolveContext extends ResolveRequest {
  readonly root: Section;
  readonly problems: Problem[];
}

async function resolveCollectors(context: ResolveContext): Promise<CollectorSettings[]> {
  const { root, problems, catalogue, own = {}, only } = context;
  const sections = subsection(root, "collectors");
  const defaults = subsection(sections, "default");
  const found: CollectorSettings[] = [];
  for (const [name, node] of sections?.entries ?? []) {
    if (!isSection(node)) {
      problems.push(
        notice(
          node.origin,
          `The key "${name}" stands in [collectors] itself, where only sections can be`,
        ),
      );
    }
  }
  checkDefaults(context, defaults, commonOptions, "[collectors] [[default]]");

  const written = subsections(sections).filter(([name]) => name !== "default");
  const names = only ?? [...new Set([...written.map(([name]) => name), ...Object.keys(own)])];
  for (const name of names) {
    const section = subsection(sections, name);
    const className = name.split(/\s+/)[0];
    const isOwn = Object.hasOwn(own, className);
    const enabled = only !== undefined || (isOwn && leaf(section, "enabled") === undefined) ||
      isEnabled(context, section, name);
    if (!enabled && context.everything !== true) continue;
    const collector = isOwn ? own[className] : await loadFrom(catalogue.collectors, className);
    if (collector === undefined) {
      const known = Object.keys(catalogue.collectors);
      problems.push(
        notice(
          section?.origin ?? { file: context.path, line: 0 },
          `There is no collector "${className}"${didYouMean(className, known)}`,
        ),
      );
      continue;
    }
    const declared: Options = { ...commonOptions, ...collector.options };
    // The operator's default for all comes before a collector's own: Diamond's order.
    const { values, origins, failed } = convert(
      context,
      declared,
      [section, defaults],
      `[[${name}]]`,
      false,
    );
    const whitelist = values.metrics_whitelist as { compiled: unknown[] };
    const blacklist = values.metrics_blacklist as { compiled: unknown[] };
    let broken = failed;
    if (whitelist.compiled.length > 0 && blacklist.compiled.length > 0) {
      problems.push(
        fault(
          origins.get("metrics_blacklist")!,
          `[[${name}]] has both metrics_whitelist and metrics_blacklist: use one of them`,
        ),
      );
      broken = true;
    }
    if (!enabled || broken) continue;
    const options = {
      ...values,
      path: pathOf(values.path as string, origins, collector),
    } as CollectorSettings["options"];
    found.push({ section: name, collector, declared, options, origins });
  }
  return found;
}

/** `path =` (written and empty) leaves the component out; not written, the collector's own stands. */
function pathOf(path: string, origins: Origins, collector: AnyCollector): string {
  return origins.has("path") ? path : collector.path;
}

function isEnabled(context: ResolveContext, section: Section | undefined, name: string): boolean {
  const node = leaf(section, "enabled");
  if (node === undefined) return false;
  try {
    return ENABLED.parse(node.value);
  } catch (error) {
    context.problems.push(fault(node.origin, `enabled of [[${name}]]: ${messageOf(error)}`));
    return false;
  }
}

async function resolveHandlers(
  context: ResolveContext,
  server: ServerValues,
  origins: Origins,
): Promise<HandlerSettings[]> {
  const { root, problems, catalogue } = context;
  const sections = subsection(root, "handlers");
  const defaults = subsection(sections, "default");
  checkDefaults(context, defaults, deliveryOptions, "[handlers] [[default]]");
  const at = origins.get("handlers") ?? { file: context.path, line: 0 };
  const names = server.handlers.map(handlerName).filter((name) =>
    name !== "QueueHandler" && name !== ""
  );
  if (names.length === 0) {
    problems.push({
      ...fault(at, "[server] names no handlers: metrics would go nowhere"),
      fatal: true,
    });
  }
  const found: HandlerSettings[] = [];
  const known = Object.keys(catalogue.handlers);
  const others = context.everything === true ? subsections(sections).map(([name]) => name) : [];
  for (const name of new Set([...names, ...others.filter((other) => other !== "default")])) {
    const section = subsection(sections, name);
    const [className] = name.split(" ");
    const handler: AnyHandler | undefined = await loadFrom(catalogue.handlers, className);
    if (handler === undefined) {
      const origin = names.includes(name) ? at : section!.origin;
      problems.push(
        notice(origin, `There is no handler "${className}"${didYouMean(className, known)}`),
      );
      continue;
    }
    const declared: Options = { ...deliveryOptions, ...handler.options };
    const used = names.includes(name);
    const { values, origins: from } = convert(
      context,
      declared,
      [section, defaults],
      `[[${name}]]`,
      used,
    );
    if (!used) continue;
    const options = values as HandlerSettings["options"];
    found.push({ section: name, handler, declared, options, origins: from });
    warnOfSmallBacklog(problems, name, options, from);
  }
  if (names.length > 0 && found.length === 0) {
    problems.push({
      ...fault(at, "None of the handlers can be used: metrics would go nowhere"),
      fatal: true,
    });
  }
  return found;
}

/** `diamond.handler.graphite.GraphiteHandler` is `GraphiteHandler`; `GraphiteHandler east` is another instance of it. */
function handlerName(entry: string): string {
  const [path, ...instance] = entry.trim().split(/\s+/);
  return [path.split(".").at(-1)!, ...instance].join(" ");
}

const SMALL_BACKLOG = 1000;

function warnOfSmallBacklog(
  problems: Problem[],
  name: string,
  options: HandlerSettings["options"],
  origins: Origins,
): void {
  const bound = options.batch * options.max_backlog_multiplier;
  const origin = origins.get("max_backlog_multiplier");
  if (origin === undefined || bound === 0 || bound >= SMALL_BACKLOG) return;
  problems.push({
    severity: "warning",
    fatal: false,
    ...origin,
    message:
      `max_backlog_multiplier of [[${name}]] keeps ${bound} metrics during an outage; without the line queue_bytes is the bound`,
  });
}

async function loadFrom<T>(
  map: Readonly<Record<string, () => Promise<{ default: T }>>>,
  name: string,
): Promise<T | undefined> {
  return Object.hasOwn(map, name) ? (await map[name]()).default : undefined;
}

/** `[[default]]` feeds sections with different options: a key is known if it is common, or any section may want it. */
function checkDefaults(
  context: ResolveContext,
  section: Section | undefined,
  declared: Options,
  where: string,
): void {
  for (const [name, node] of section?.entries ?? []) {
    if (isSection(node) || Object.hasOwn(declared, name)) continue;
    const meant = didYouMean(name, Object.keys(declared));
    if (meant !== "") {
      context.problems.push(notice(node.origin, `Unknown option "${name}" in ${where}${meant}`));
    }
  }
}

interface Converted {
  readonly values: Record<string, unknown>;
  readonly origins: Map<string, Origin>;
  readonly failed: boolean;
}

/** Takes each option from the first section that has it. Unknown keys are looked for in the first section only. */
function convert(
  context: ResolveContext,
  declared: Options,
  sections: readonly (Section | undefined)[],
  where: string,
  fatal: boolean,
): Converted {
  const { problems, files } = context;
  const values: Record<string, unknown> = {};
  const origins = new Map<string, Origin>();
  let failed = false;
  for (const [name, option] of Object.entries(declared)) {
    values[name] = option.fallback;
    for (const section of sections) {
      const node = section?.entries.get(name);
      if (node === undefined) continue;
      origins.set(name, node.origin);
      try {
        values[name] = option.parse(secretOf(option, toRaw(node), files));
      } catch (error) {
        failed = true;
        const allowed = option.allowed === undefined ? "" : ` (allowed: ${option.allowed})`;
        problems.push({
          ...fault(node.origin, `${name} of ${where}: ${messageOf(error)}${allowed}`),
          fatal,
        });
      }
      break;
    }
  }
  for (const [name, node] of sections[0]?.entries ?? []) {
    if (Object.hasOwn(declared, name)) continue;
    const what = isSection(node) ? "section" : "option";
    problems.push(
      notice(
        node.origin,
        `Unknown ${what} "${name}" in ${where}${didYouMean(name, Object.keys(declared))}`,
      ),
    );
  }
  return { values, origins, failed };
}

function toRaw(node: Leaf | Section): Raw {
  return isSection(node) ? toPlain(node, (inner) => inner.value) as RawSection : node.value;
}

function secretOf(option: Option<unknown>, raw: Raw, files: ConfigFiles): Raw {
  if (!option.secret || typeof raw !== "string" || !raw.startsWith("file:")) return raw;
  return files.read(raw.slice("file:".length)).replace(/\r?\n$/, "");
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

function fault(origin: Origin, message: string): Problem {
  return { severity: "error", fatal: false, ...origin, message };
}

function notice(origin: Origin, message: string): Problem {
  return { ...fault(origin, message), harmless: true };
}
