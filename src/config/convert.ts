/** Values of sections, by the options that declare them; what cannot be converted becomes a problem. */

import type { PluginFile } from "../ports/plugins.ts";
import { messageOf } from "../core/errors.ts";
import type { ConfigFiles } from "../ports/local_files.ts";
import type { Option, Options, Raw, RawSection } from "../core/option.ts";
import { secretsOf } from "../core/option/secret_kinds.ts";
import { hide, secretsNamed } from "../core/secrets.ts";
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
      context.problems.push(notice(node.origin, `unknown option "${name}" in ${where}${meant}`));
    }
  }
}

interface Converted {
  readonly values: Record<string, unknown>;
  readonly origins: Map<string, Origin>;
}

type Sections = readonly (Section | undefined)[];

/** Takes each option from the first section that has it. Unknown keys are looked for in the first section only; `isFree`: all are taken as they stand. */
export function convert(
  context: ResolveContext,
  declared: Options,
  sections: Sections,
  where: string,
  isFree = false,
): Converted {
  const values: Record<string, unknown> = {};
  const origins = new Map<string, Origin>();
  const one = { context, where, origins };
  for (const [name, option] of Object.entries(declared)) {
    values[name] = name.includes("*")
      ? allOf(one, name, option, sections, declared)
      : firstOf(one, name, option, sections);
  }
  for (const section of isFree ? sections : []) {
    for (const [name, node] of section?.entries ?? []) {
      if (Object.hasOwn(values, name)) continue;
      values[name] = toRaw(node);
      for (const one of secretsNamed(name, values[name])) hide(one);
      origins.set(name, node.origin);
    }
  }
  const isKnown = (name: string, node: Leaf | Section) =>
    Object.hasOwn(values, name) || takers(declared, name, node).length > 0;
  for (const [name, node] of sections[0]?.entries ?? []) {
    if (isKnown(name, node)) continue;
    const what = isSection(node) ? "section" : "option";
    context.problems.push(
      notice(
        node.origin,
        `unknown ${what} "${name}" in ${where}${didYouMean(name, Object.keys(declared))}`,
      ),
    );
  }
  return { values, origins };
}

/** What the conversion of one section's options shares. */
interface Conversion {
  readonly context: ResolveContext;
  readonly where: string;
  readonly origins: Map<string, Origin>;
}

function firstOf(
  conversion: Conversion,
  name: string,
  option: Option<unknown>,
  sections: Sections,
): unknown {
  const node = sections.find((section) => section?.entries.has(name))?.entries.get(name);
  if (node === undefined) return option.fallback;
  conversion.origins.set(name, node.origin);
  return valueOf(conversion, name, option, node) ?? option.fallback;
}

/** Returns the keys that match a declaration with a `*`, from the strongest section first. */
function allOf(
  conversion: Conversion,
  pattern: string,
  option: Option<unknown>,
  sections: Sections,
  declared: Options,
): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const section of sections) {
    for (const [name, node] of section?.entries ?? []) {
      if (found.has(name) || !takers(declared, name, node).includes(pattern)) continue;
      const value = option.fields === undefined
        ? valueOf(conversion, name, option.one!, node)
        : fieldsOf(conversion, name, option.fields, node as Section);
      if (value !== undefined) found.set(name, value);
    }
  }
  return found;
}

/** The declarations with a `*` that take a key: those of subsections take these, the others values. */
function takers(declared: Options, name: string, node: Leaf | Section): string[] {
  if (Object.hasOwn(declared, name)) return [];
  return Object.entries(declared).filter(([pattern, { fields }]) =>
    pattern.includes("*") && isSection(node) === (fields !== undefined) &&
    new RegExp(`^${pattern.replaceAll("*", ".*")}$`, "s").test(name)
  ).map(([pattern]) => pattern);
}

/** Undefined where it cannot be converted, which is a problem then. */
function valueOf(
  conversion: Conversion,
  name: string,
  option: Option<unknown>,
  node: Leaf | Section,
): unknown {
  const { context: { problems, files }, where } = conversion;
  if (option.fields !== undefined && isSection(node)) {
    const { fields } = option;
    return new Map(
      [...node.entries].map(([inner, section]) => [
        inner,
        fieldsOf(conversion, `${name}.${inner}`, fields, section),
      ]),
    );
  }
  try {
    const value = option.parse(secretOf(option, toRaw(node), files));
    for (const one of secretsOf(option, value)) hide(one);
    return value;
  } catch (error) {
    const allowed = option.allowed === undefined ? "" : ` (allowed: ${option.allowed})`;
    problems.push(fault(node.origin, `${name} of ${where}: ${messageOf(error)}${allowed}`));
    return undefined;
  }
}

/** The options of one subsection. */
function fieldsOf(
  { context, where }: Conversion,
  name: string,
  fields: Options,
  node: Leaf | Section,
): unknown {
  if (!isSection(node)) {
    const message = `${name} of ${where}: a section is needed here, not a value`;
    context.problems.push(fault(node.origin, message));
    return undefined;
  }
  return convert(context, fields, [node], `${where}, section ${name}`).values;
}

/** What sections have, as it stands; the later ones win. */
export function plainSections(sections: readonly (Section | undefined)[]): Record<string, Raw> {
  const entries = sections.flatMap((section) => [...section?.entries ?? []]);
  return Object.fromEntries(entries.map(([name, node]) => [name, toRaw(node)]));
}

function toRaw(node: Leaf | Section): Raw {
  return isSection(node) ? toPlain(node, (inner) => inner.value) as RawSection : node.value;
}

function secretOf(option: Option<unknown>, raw: Raw, files: ConfigFiles): Raw {
  if (!option.secret || typeof raw !== "string" || !raw.startsWith("file:")) return raw;
  return files.read(raw.slice("file:".length)).replace(/\r?\n$/, "");
}

/** Loads the entry of a catalogue by its name; undefined if it is not there. */
export async function loadFrom<T>(
  map: Readonly<Record<string, () => Promise<{ default: T }>>>,
  name: string,
): Promise<T | undefined> {
  return Object.hasOwn(map, name) ? (await map[name]()).default : undefined;
}
