/** Makes and changes elements. Texts are always text nodes, so that no metric's name is ever markup. */

type Child = Node | string | undefined;

interface Attributes {
  readonly [name: string]: string | number | boolean | undefined | ((event: never) => void);
}

/** `onclick` and its like listen; `true` is an attribute without a value; `false` and undefined are none. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value as (event: Event) => void);
    } else setAttribute(element, name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

export function setAttribute(
  element: Element,
  name: string,
  value: string | number | boolean | undefined,
): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Leaves what is the same alone, so that a selection or a screen reader's place stays. */
export function setText(element: Node, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A drawing of one path in a box of 16 by 16. */
export function icon(path: string): SVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  setAttribute(svg, "viewBox", "0 0 16 16");
  setAttribute(svg, "class", "icon");
  setAttribute(svg, "aria-hidden", "true");
  const shape = document.createElementNS(namespace, "path");
  setAttribute(shape, "d", path);
  svg.append(shape);
  return svg;
}

export interface Row<T> {
  readonly element: HTMLElement;
  update(item: T): void;
}

/** A list of which each item keeps its element while it is there. */
export function keyed<T>(
  parent: HTMLElement,
  keyOf: (item: T) => string,
  create: (item: T) => Row<T>,
): (items: readonly T[]) => void {
  const rows = new Map<string, Row<T>>();
  return (items) => {
    const keys = new Set(items.map(keyOf));
    for (const [key, row] of rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      rows.delete(key);
    }
    items.forEach((item, at) => {
      const key = keyOf(item);
      let row = rows.get(key);
      if (row === undefined) rows.set(key, row = create(item));
      row.update(item);
      const there = parent.children[at];
      if (there !== row.element) parent.insertBefore(row.element, there ?? null);
    });
  };
}
