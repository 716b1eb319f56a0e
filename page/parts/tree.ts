/** All series as a tree of their paths, whose folders are read when they are opened. */

import { api, type TreeNode } from "../api.ts";
import type { App, Part } from "../app.ts";
import { el, setAttribute } from "../dom.ts";
import { isOpen, type Item, treeKey } from "./tree_keys.ts";

export function createTree(app: App): Part {
  const items = new Map<Element, Item>();
  const root = el("ul", {
    role: "tree",
    class: "tree",
    "aria-label": "All series",
    "aria-multiselectable": "true",
    onkeydown: (event: KeyboardEvent) => treeKey({ root, items, act, toggle, focus }, event),
    onclick: ({ target }: MouseEvent) => {
      const item = itemOf((target as Element).closest("[role=treeitem]"));
      if (item !== undefined) act(item);
    },
  });

  function itemOf(element: Element | null | undefined): Item | undefined {
    return element ? items.get(element) : undefined;
  }

  function act(item: Item): void {
    focus(item);
    if (!item.node.leaf) return void toggle(item, !isOpen(item));
    const { paths } = app.place.get();
    const { path } = item.node;
    app.chart(paths.includes(path) ? paths.filter((one) => one !== path) : [...paths, path]);
  }

  async function toggle(item: Item, open: boolean): Promise<void> {
    setAttribute(item.element, "aria-expanded", String(open));
    if (item.group !== undefined) item.group.hidden = !open;
    if (!open || item.group !== undefined) return;
    item.group = el("ul", { role: "group" });
    item.element.append(item.group);
    await fill(item.group, item.node.path, item);
  }

  async function fill(group: HTMLElement, prefix: string, parent?: Item): Promise<void> {
    try {
      const nodes = await api.tree(prefix);
      const added = nodes.map((node): Item => ({ node, parent, element: elementOf(node) }));
      for (const item of added) items.set(item.element, item);
      group.replaceChildren(...added.map(({ element }) => element));
      mark();
      if (parent === undefined && added.length > 0) setAttribute(added[0].element, "tabindex", 0);
      // The first levels are one node each on most hosts: the reader wants what is below them.
      if (added.length === 1 && !added[0].node.leaf) await toggle(added[0], true);
    } catch (error) {
      group.replaceChildren(el("li", { role: "none", class: "fault" }, (error as Error).message));
    }
  }

  function mark(): void {
    const { paths } = app.place.get();
    for (const { node, element } of items.values()) {
      if (node.leaf) setAttribute(element, "aria-selected", String(paths.includes(node.path)));
    }
  }

  function focus({ element }: Item): void {
    for (const other of items.keys()) setAttribute(other, "tabindex", -1);
    setAttribute(element, "tabindex", 0);
    element.focus();
  }

  fill(root, "");
  return { element: root, destroy: app.place.follow(mark) };
}

function elementOf({ name, leaf }: TreeNode): HTMLElement {
  return el(
    "li",
    { role: "treeitem", tabindex: -1, "aria-expanded": leaf ? undefined : "false" },
    el("span", { class: leaf ? "leaf" : "folder" }, name),
  );
}
