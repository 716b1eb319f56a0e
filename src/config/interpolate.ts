/**
 * ConfigObj's interpolation: `%(name)s` is the value of `name` in the same section, in its `DEFAULT`
 * subsection, or in those of its parents. Done when a value is read, never in the log's sections.
 */

import { isSection, leaf, type Section, subsection } from "./tree.ts";

const REFERENCE = /%\(([^)]*)\)s/;

/** Calls `visit` for every value below a section, with its chain. */
export function walk(
  section: Section,
  visit: (name: string, section: Section, chain: readonly Section[]) => void,
  parents: readonly Section[] = [],
): void {
  const chain = [section, ...parents];
  for (const [name, node] of section.entries) {
    if (isSection(node)) walk(node, visit, chain);
    else visit(name, section, chain);
  }
}

/** Replaces every value by its interpolated form. Returns what could not be. */
export function interpolateAll(
  root: Section,
  skip: (section: string) => boolean,
): { file: string; line: number; message: string }[] {
  const problems: { file: string; line: number; message: string }[] = [];
  const changes: (() => void)[] = [];
  const visit = (name: string, section: Section, chain: readonly Section[]) => {
    const node = leaf(section, name)!;
    const texts = typeof node.value === "string" ? [node.value] : node.value;
    if (!texts.some((text) => REFERENCE.test(text))) return;
    try {
      const read = (text: string) => interpolated(text, chain);
      const value = typeof node.value === "string" ? read(node.value) : node.value.map(read);
      // Values change when all are read: what was put in must not be read again.
      changes.push(() => section.entries.set(name, { ...node, value }));
    } catch (error) {
      const problem = { ...node.origin, message: `${name}: ${(error as Error).message}` };
      section.broken ??= problem;
      problems.push(problem);
    }
  };
  for (const [name, node] of root.entries) {
    if (!isSection(node)) visit(name, root, [root]);
    else if (!skip(name)) walk(node, visit, [root]);
  }
  for (const change of changes) change();
  return problems;
}

/** `chain`: the section the value stands in, then its parents up to the root. Throws with what is missing. */
function interpolated(value: string, chain: readonly Section[]): string {
  return resolve(value, chain, []);
}

function resolve(value: string, chain: readonly Section[], trail: readonly string[]): string {
  let done = "";
  let rest = value;
  for (let match = REFERENCE.exec(rest); match !== null; match = REFERENCE.exec(rest)) {
    const name = match[1];
    const found = lookUp(name, chain);
    if (found === undefined) {
      throw new Error(`%(${name})s names nothing in this section or above it`);
    }
    const step = `${name}@${found.chain.length}`;
    if (trail.includes(step)) throw new Error(`%(${name})s leads back to itself`);
    if (typeof found.value !== "string") {
      throw new Error(`%(${name})s is a list, which cannot stand within a text`);
    }
    done += rest.slice(0, match.index) + resolve(found.value, found.chain, [...trail, step]);
    rest = rest.slice(match.index + match[0].length);
  }
  return done + rest;
}

function lookUp(
  name: string,
  chain: readonly Section[],
): { value: string | readonly string[]; chain: readonly Section[] } | undefined {
  for (const [depth, section] of chain.entries()) {
    const inner = subsection(section, "DEFAULT");
    const found = leaf(section, name) ?? leaf(inner, name);
    if (found !== undefined) return { value: found.value, chain: chain.slice(depth) };
  }
  return undefined;
}
