/** The collectors of a configuration: which are enabled, and with what. */

import { type AnyCollector, commonOptions } from "../core/collector.ts";
import { messageOf } from "../core/errors.ts";
import type { Options } from "../core/option.ts";
import { checkDefaults, convert, loadFrom, type ResolveContext } from "./convert.ts";
import { lacking } from "./diamonds.ts";
import { fault, located, notice } from "./problems.ts";
import type { CollectorSettings } from "./settings.ts";
import {
  brokenLine,
  isSection,
  leaf,
  type Origins,
  type Section,
  subsection,
  subsections,
} from "./tree.ts";

export async function resolveCollectors(context: ResolveContext): Promise<CollectorSettings[]> {
  const { root, problems, leftOut, catalogue, own = {}, only } = context;
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
    if (collector === undefined && enabled && context.isPending) {
      leftOut.push({ kind: "collector", section: name, reason: "it is still being loaded" });
      continue;
    }
    if (collector === undefined) {
      const known = Object.keys(catalogue.collectors);
      const origin = section?.origin ?? { file: context.path, line: 0 };
      const problem = lacking("collector", name, known, origin, enabled);
      problems.push(problem);
      const reason = `${problem.message}${failedPlugins(context, className)}`;
      if (enabled) leftOut.push({ kind: "collector", section: name, reason });
      continue;
    }
    const before = problems.length;
    const declared: Options = { ...commonOptions, ...collector.options };
    // The operator's default for all comes before a collector's own: Diamond's order.
    const { values, origins } = convert(
      context,
      declared,
      [section, defaults],
      `[[${name}]]`,
      collector.custom?.freeOptions,
    );
    const whitelist = values.metrics_whitelist as { compiled: unknown[] };
    const blacklist = values.metrics_blacklist as { compiled: unknown[] };
    if (whitelist.compiled.length > 0 && blacklist.compiled.length > 0) {
      problems.push(
        fault(
          origins.get("metrics_blacklist")!,
          `[[${name}]] has both metrics_whitelist and metrics_blacklist: use one of them`,
        ),
      );
    }
    const why = problems.slice(before).find(({ harmless }) => !harmless) ??
      brokenLine(section) ?? defaults?.broken;
    if (!enabled) continue;
    if (why !== undefined) {
      leftOut.push({ kind: "collector", section: name, reason: located(why, why.message) });
      continue;
    }
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

/** What is wrong with the file that has the class, or with those that might have it. */
function failedPlugins({ plugins = [] }: ResolveContext, className: string): string {
  const failed = plugins.filter(({ problem }) => problem !== undefined);
  const stem = (name: string) => name.toLowerCase().replace(/collector|[^a-z0-9]/g, "");
  const isCalledSo = (path: string) =>
    stem(path.replace(/^.*\//, "").replace(/\.\w+$/, "")) === stem(className);
  const meant = failed.find(({ names }) => names.includes(className)) ??
    failed.find(({ path }) => isCalledSo(path)) ?? (failed.length === 1 ? failed[0] : undefined);
  if (meant !== undefined) return `; ${meant.path}: ${meant.problem}`;
  return failed.length === 0 ? "" : `; ${failed.length} files with plugins cannot be used`;
}

function isEnabled(context: ResolveContext, section: Section | undefined, name: string): boolean {
  const node = leaf(section, "enabled");
  if (node === undefined) return false;
  try {
    return commonOptions.enabled.parse(node.value);
  } catch (error) {
    context.problems.push(fault(node.origin, `enabled of [[${name}]]: ${messageOf(error)}`));
    return false;
  }
}
