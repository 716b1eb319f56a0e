/** Values of sections, by the options that declare them; what cannot be converted becomes a problem. */

import type { PluginFile } from "../ports/plugins.ts";
import { messageOf } from "../core/errors.ts";
import type { ConfigFiles } from "../ports/local_files.ts";
import type { Option, Options, Raw, RawSection } from "../core/option.ts";
import { toPlain } from "./configobj.ts";
import { didYouMean, fault, notice, type Problem } from "./problems.ts";
import type { LeftOut, ResolveRequest } from "./settings.ts";
import { isSection, type Leaf, type Origin, type Section } from "./tree.ts";

export interface ResolveContext extends ResolveRequest {
  readonly root: Section;
  readonly problems: Problem[];
  /** What is enabled and cannot run. */
  readonly leftOut: LeftOut[];
  /** Files of plugins, as far as they are loaded. */
  readonly plugins?: readonly PluginFile[];
  /** Some of their collectors are still being loaded. */
  readonly isPending?: boolean;
}

/** `[[default]]` feeds sections with different options: a key is known if it is common, or any section may want it. */
export function checkDefaults(
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

export interface Converted {
  readonly values: Record<string, unknown>;
  readonly origins: Map<string, Origin>;
  readonly failed: boolean;
}

/** Takes each option from the first section that has it. Unknown keys are looked for in the first section only; `isFree`: all are taken as they stand. */
export function convert(
  context: ResolveContext,
  declared: Options,
  sections: readonly (Section | undefined)[],
  where: string,
  isFree = false,
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
        problems.push(fault(node.origin, `${name} of ${where}: ${messageOf(error)}${allowed}`));
      }
      break;
    }
  }
  for (const section of isFree ? sections : []) {
    for (const [name, node] of section?.entries ?? []) {
      if (Object.hasOwn(values, name)) continue;
      values[name] = toRaw(node);
      origins.set(name, node.origin);
    }
  }
  for (const [name, node] of sections[0]?.entries ?? []) {
    if (Object.hasOwn(values, name)) continue;
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

/** What a name stands for in a catalogue; undefined where it is not there. */
export async function loadFrom<T>(
  map: Readonly<Record<string, () => Promise<{ default: T }>>>,
  name: string,
): Promise<T | undefined> {
  return Object.hasOwn(map, name) ? (await map[name]()).default : undefined;
}
