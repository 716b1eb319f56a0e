/** The paths that an agent has: of its series now, and of those that its history still holds. */

import type { Agent } from "../agent/agent_contract.ts";
import type { History } from "../ports/history.ts";

export function pathsOf(agent: Agent, history: History | undefined): Set<string> {
  const paths = new Set<string>(history?.paths());
  for (const path of currentPaths(agent)) paths.add(path);
  return paths;
}

export function currentPaths(agent: Agent): string[] {
  return agent.state().runners.flatMap((runner) =>
    [...runner.emitted()].map(({ series }) => series.path)
  );
}

export interface TreeNode {
  readonly name: string;
  readonly path: string;
  /** It is a series; it may have others below it as well. */
  readonly leaf: boolean;
}

/** What stands below a node of the paths, sorted; the prefix is empty for the first level. */
export function childrenOf(paths: Iterable<string>, prefix: string): TreeNode[] {
  const start = prefix === "" ? "" : `${prefix}.`;
  const found = new Map<string, TreeNode>();
  for (const path of paths) {
    if (!path.startsWith(start)) continue;
    const dot = path.indexOf(".", start.length);
    const leaf = dot < 0;
    const whole = leaf ? path : path.slice(0, dot);
    const key = `${whole} ${leaf}`;
    if (!found.has(key)) found.set(key, { name: whole.slice(start.length), path: whole, leaf });
  }
  return [...found.values()].sort((a, b) => NATURAL.compare(a.name, b.name));
}

const NATURAL = new Intl.Collator("en", { numeric: true });
