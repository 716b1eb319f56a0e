/** The handlers that `[server] handlers` names, with their options. */

import { messageOf } from "../core/errors.ts";
import { type AnyHandler, deliveryOptions } from "../core/handler.ts";
import { isFalse, type Options } from "../core/option.ts";
import { checkDefaults, convert, loadFrom, plainSections, type ResolveContext } from "./convert.ts";
import { lacking } from "./diamonds.ts";
import { fault, located, type Problem, warning } from "./problems.ts";
import type { ServerValues } from "./server_options.ts";
import type { HandlerSettings } from "./settings.ts";
import {
  brokenLine,
  leaf,
  type Origin,
  type Origins,
  type Section,
  subsection,
  subsections,
} from "./tree.ts";

/** A bound of fewer metrics than this was seldom meant. */
const SMALL_BACKLOG = 1000;

export async function resolveHandlers(
  context: ResolveContext,
  server: ServerValues,
  origins: Origins,
): Promise<HandlerSettings[]> {
  const { root, problems, leftOut, catalogue } = context;
  const sections = subsection(root, "handlers");
  const defaults = subsection(sections, "default");
  checkDefaults(context, defaults, deliveryOptions, "[handlers] [[default]]");
  const at = origins.get("handlers") ?? { file: context.path, line: 0 };
  const names = handlerNames(server);
  const found: HandlerSettings[] = [];
  const known = Object.keys(catalogue.handlers);
  const others = context.everything === true ? subsections(sections).map(([name]) => name) : [];
  for (const name of new Set([...names, ...others.filter((other) => other !== "default")])) {
    const used = names.includes(name);
    const section = withoutEnabled(context, subsection(sections, name), used);
    const [className] = name.split(" ");
    const handler: AnyHandler | undefined = await loadFrom(catalogue.handlers, className);
    if (handler === undefined) {
      const problem = lacking("handler", name, known, used ? at : section!.origin, used);
      problems.push(problem);
      if (used) leftOut.push({ kind: "handler", section: name, reason: problem.message });
      continue;
    }
    const before = problems.length;
    const declared: Options = { ...deliveryOptions, ...handler.options };
    const { values, origins: from } = convert(
      context,
      declared,
      [section, defaults],
      `[[${name}]]`,
      handler.custom?.freeOptions,
    );
    if (handler.custom?.wantsSection) values.section = plainSections([defaults, section]);
    if (!used) continue;
    const options = values as HandlerSettings["options"];
    for (const problem of shortcomings(handler, declared, options, from, section?.origin ?? at)) {
      problems.push({ ...problem, message: `${problem.message} in [[${name}]]` });
    }
    const why = problems.slice(before).find(({ harmless }) => !harmless) ??
      brokenLine(section) ?? brokenLine(defaults);
    // Points that go to the wrong place are worse than points that wait for a right line.
    if (why !== undefined) {
      leftOut.push({ kind: "handler", section: name, reason: located(why, why.message) });
      continue;
    }
    found.push({ section: name, handler, declared, options, origins: from });
    warnOfSmallBacklog(problems, name, options, from);
  }
  return found;
}

/** The names in `[server] handlers`, as their sections are called. */
export function handlerNames(server: ServerValues): string[] {
  return server.handlers.map(handlerName).filter((name) => name !== "QueueHandler" && name !== "");
}

/** Classes that are not the agent's own: `mine.GraphiteHandler` is a plugin, `diamond.handler.graphite.GraphiteHandler` is not. */
export function foreignHandlers({ handlers }: ServerValues, own: readonly string[]): string[] {
  return handlers.filter((entry) => {
    const [name] = handlerName(entry).split(" ");
    const isDiamonds = !entry.includes(".") || entry.trim().startsWith("diamond.handler.");
    return name !== "" && !(isDiamonds && own.includes(name));
  }).map((entry) => handlerName(entry).split(" ")[0]);
}

/** Operators write `enabled` here as they do for collectors; Diamond never looked at it. */
function withoutEnabled(
  { problems }: ResolveContext,
  section: Section | undefined,
  used: boolean,
): Section | undefined {
  const enabled = leaf(section, "enabled");
  if (section === undefined || enabled === undefined) return section;
  if (used && isFalse(String(enabled.value))) {
    problems.push(
      warning(
        enabled.origin,
        "enabled = False has no effect: [server] handlers says which handlers run",
      ),
    );
  }
  const entries = new Map(section.entries);
  entries.delete("enabled");
  return { ...section, entries };
}

/** What the handler cannot do without, and what it says of its options as a whole. */
function shortcomings(
  handler: AnyHandler,
  declared: Options,
  options: HandlerSettings["options"],
  origins: Origins,
  section: Origin,
): Problem[] {
  const missing = Object.entries(declared).filter(([key, option]) =>
    option.needed && options[key] === ""
  )
    .map(([key]) => fault(origins.get(key) ?? section, `${key} is needed`));
  try {
    handler.expand?.(options);
  } catch (error) {
    missing.push(fault(origins.get("host") ?? section, messageOf(error)));
  }
  return missing;
}

/** `diamond.handler.graphite.GraphiteHandler` is `GraphiteHandler`; `GraphiteHandler east` is another instance of it. */
function handlerName(entry: string): string {
  const [path, ...instance] = entry.trim().split(/\s+/);
  return [path.split(".").at(-1)!, ...instance].join(" ");
}

function warnOfSmallBacklog(
  problems: Problem[],
  name: string,
  options: HandlerSettings["options"],
  origins: Origins,
): void {
  const bound = options.batch * options.max_backlog_multiplier;
  const origin = origins.get("max_backlog_multiplier");
  if (options.spool !== "off" || origin === undefined) return;
  if (bound === 0 || bound >= SMALL_BACKLOG) return;
  problems.push(
    warning(
      origin,
      `max_backlog_multiplier of [[${name}]] keeps ${bound} metrics during an outage; without the line queue_bytes is the bound, without spool = off the disk`,
    ),
  );
}
