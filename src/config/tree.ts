/** A configuration file as a tree, where every value knows the line it stands on. */

export interface Origin {
  readonly file: string;
  readonly line: number;
}

/** By key, where its value came from; a key without one has its default. */
export type Origins = ReadonlyMap<string, Origin>;

export interface Leaf {
  readonly value: string | readonly string[];
  /** All that stood behind the "=", for readers with rules of their own (the log's sections). */
  readonly raw: string;
  readonly origin: Origin;
}

export interface Section {
  readonly entries: Map<string, Leaf | Section>;
  readonly origin: Origin;
  /** An unreadable line in the section. The intended meaning of the section is then unknown. */
  broken?: BrokenLine;
}

export interface BrokenLine extends Origin {
  readonly message: string;
}

export function newSection(origin: Origin): Section {
  return { entries: new Map(), origin };
}

export function isSection(node: Leaf | Section | undefined): node is Section {
  return node !== undefined && "entries" in node;
}

/** The subsection of that name, if it is one. */
export function subsection(section: Section | undefined, name: string): Section | undefined {
  const node = section?.entries.get(name);
  return isSection(node) ? node : undefined;
}

/** The value of that name, if it is one. */
export function leaf(section: Section | undefined, name: string): Leaf | undefined {
  const node = section?.entries.get(name);
  return node === undefined || isSection(node) ? undefined : node;
}

export function subsections(section: Section | undefined): [string, Section][] {
  if (section === undefined) return [];
  return [...section.entries].filter((entry): entry is [string, Section] => isSection(entry[1]));
}

/** The first line in a section, or in one below it, that cannot be read. */
export function brokenLine(section: Section | undefined): BrokenLine | undefined {
  if (section === undefined || section.broken !== undefined) return section?.broken;
  for (const [, inner] of subsections(section)) {
    const found = brokenLine(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Merges deeply: sections grow, values and lists are replaced whole. */
export function merge(target: Section, source: Section): void {
  target.broken ??= source.broken;
  for (const [name, node] of source.entries) {
    const present = target.entries.get(name);
    if (isSection(node) && isSection(present)) {
      merge(present, node);
    } else if (isSection(node)) {
      const copy = newSection(node.origin);
      merge(copy, node);
      target.entries.set(name, copy);
    } else {
      target.entries.set(name, node);
    }
  }
}
