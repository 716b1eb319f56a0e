/** `/metrics/find`: the nodes of the tree of paths that match a pattern, for editors and completion. */

import { alternatives, compileGlob } from "../../core/glob.ts";

interface FoundNode {
  readonly path: string;
  readonly name: string;
  readonly isLeaf: boolean;
}

/** More are of no use. */
const MAX_NODES = 5000;

/** Sorted by name. Throws a RangeError where the pattern is too large to be meant. */
export function findNodes(paths: Iterable<string>, pattern: string): FoundNode[] {
  const globs = alternatives(pattern).map((glob) => glob.split(".").map(compileGlob));
  const found = new Map<string, FoundNode>();
  for (const path of paths) {
    const nodes = path.split(".");
    for (const glob of globs) {
      const isMatch = glob.length <= nodes.length && glob.every((fits, at) => fits(nodes[at]));
      if (!isMatch) continue;
      const isLeaf = glob.length === nodes.length;
      const whole = nodes.slice(0, glob.length).join(".");
      found.set(`${whole} ${isLeaf}`, { path: whole, name: nodes[glob.length - 1], isLeaf });
    }
    if (found.size >= MAX_NODES) break;
  }
  return [...found.values()].sort(byName);
}

/** A branch comes before a series of the same name. */
function byName(a: FoundNode, b: FoundNode): number {
  if (a.name === b.name) return Number(a.isLeaf) - Number(b.isLeaf);
  return a.name < b.name ? -1 : 1;
}

/** The form in which Grafana asks: branches first, each name once. */
export function treeJson(nodes: readonly FoundNode[], query: string): unknown {
  const base = query.includes(".") ? query.slice(0, query.lastIndexOf(".") + 1) : "";
  const named = new Map<string, FoundNode>();
  for (const node of nodes) if (!named.has(node.name)) named.set(node.name, node);
  const each = [...named.values()];
  return [...each.filter(({ isLeaf }) => !isLeaf), ...each.filter(({ isLeaf }) => isLeaf)].map(
    ({ name, isLeaf }) => ({
      ...{ text: name, id: base + name, leaf: isLeaf ? 1 : 0 },
      ...{ allowChildren: isLeaf ? 0 : 1, expandable: isLeaf ? 0 : 1 },
    }),
  );
}

export function completerJson(nodes: readonly FoundNode[]): unknown {
  return {
    metrics: nodes.map(({ path, name, isLeaf }) => ({
      ...{ path: isLeaf ? path : `${path}.`, name, is_leaf: isLeaf ? "1" : "0" },
    })),
  };
}

/** What has been typed so far, as a pattern. */
export function completerPattern(query: string): string {
  const whole = query.replaceAll("..", "*.");
  return whole.endsWith("*") ? whole : `${whole}*`;
}
