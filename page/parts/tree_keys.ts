/**
 * The keys of a tree: up and down, into folders and out of them.
 * Source: https://www.w3.org/WAI/ARIA/apg/patterns/treeview/
 */

import type { TreeNode } from "../api.ts";

export interface Item {
  readonly node: TreeNode;
  readonly element: HTMLElement;
  readonly parent?: Item;
  group?: HTMLElement;
}

interface Tree {
  readonly root: HTMLElement;
  readonly items: ReadonlyMap<Element, Item>;
  /** Opens or closes a folder; charts a series, or takes it away. */
  act(item: Item): void;
  toggle(item: Item, open: boolean): void;
  focus(item: Item): void;
}

export function isOpen({ element }: Item): boolean {
  return element.getAttribute("aria-expanded") === "true";
}

export function treeKey({ root, items, act, toggle, focus }: Tree, event: KeyboardEvent): void {
  const item = items.get(document.activeElement ?? root);
  if (item === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const seen = [...root.querySelectorAll<HTMLElement>("[role=treeitem]")].filter((one) =>
    one.offsetParent !== null
  );
  const at = seen.indexOf(item.element);
  const go = (to: number) => focus(items.get(seen[Math.min(seen.length - 1, Math.max(0, to))])!);
  const isFolder = !item.node.leaf;
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    Home: () => go(0),
    End: () => go(seen.length - 1),
    ArrowRight: () => isFolder && !isOpen(item) ? toggle(item, true) : go(at + 1),
    ArrowLeft: () => isOpen(item) ? toggle(item, false) : item.parent && focus(item.parent),
    Enter: () => act(item),
    " ": () => act(item),
  };
  if (keys[event.key] === undefined) return;
  keys[event.key]();
  event.preventDefault();
  event.stopPropagation();
}
