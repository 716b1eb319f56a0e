/** A table that is sorted by a click on a column. */

import { el, setAttribute, setText } from "../dom.ts";

const EXPLAIN = "What it does, and why something is not there";

export interface Column<T> {
  readonly name: string;
  readonly isNumber?: boolean;
  text(item: T): string;
  /** A second line, smaller. */
  note?(item: T): string | undefined;
  /** Colours the cell. */
  state?(item: T): string;
  /** What it is sorted by; without it the text. */
  order?(item: T): number;
}

export function createTable<T extends { readonly name: string }>(
  title: string,
  columns: readonly Column<T>[],
  /** For a click on a row's name. */
  open: (name: string) => void,
) {
  let sorted: { readonly column: Column<T>; readonly isDown: boolean } | undefined;
  let items: readonly T[] = [];
  const heads = columns.map((column) => ({
    column,
    cell: el(
      "th",
      { scope: "col", class: column.isNumber ? "number" : undefined },
      el("button", { onclick: () => sortBy(column) }, column.name),
    ),
  }));
  const body = el("tbody", {});
  const element = el(
    "div",
    {
      class: "scroll",
      tabindex: 0,
      role: "region",
      "aria-label": `Table of ${title.toLowerCase()}`,
    },
    el("table", {}, el("thead", {}, el("tr", {}, ...heads.map(({ cell }) => cell))), body),
  );
  const rows = new Map<string, HTMLTableRowElement>();

  function sortBy(column: Column<T>): void {
    const isDown = sorted?.column === column ? !sorted.isDown : column.isNumber === true;
    sorted = { column, isDown };
    for (const head of heads) {
      setAttribute(
        head.cell,
        "aria-sort",
        head.column !== column ? undefined : isDown ? "descending" : "ascending",
      );
    }
    show(items);
  }

  function show(next: readonly T[]): void {
    items = next;
    const ordered = sorted === undefined ? next : [...next].sort((a, b) => compared(a, b, sorted!));
    const names = new Set(next.map(({ name }) => name));
    for (const [name, row] of rows) {
      if (names.has(name)) continue;
      row.remove();
      rows.delete(name);
    }
    ordered.forEach((item, at) => {
      let row = rows.get(item.name);
      if (row === undefined) rows.set(item.name, row = rowOf(columns, () => open(item.name)));
      fill(row, item, columns);
      if (body.children[at] !== row) body.insertBefore(row, body.children[at] ?? null);
    });
  }

  return { element, show };
}

function compared<T>(
  a: T,
  b: T,
  { column, isDown }: { column: Column<T>; isDown: boolean },
): number {
  const { order, text } = column;
  const difference = order === undefined ? text(a).localeCompare(text(b)) : order(a) - order(b);
  return isDown ? -difference : difference;
}

function rowOf<T>(columns: readonly Column<T>[], open: () => void): HTMLTableRowElement {
  const [, ...others] = columns;
  const name = el("button", { class: "text explains", title: EXPLAIN, onclick: open });
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, name, el("small", {})),
    ...others.map(({ isNumber, state }) =>
      el(
        "td",
        { class: isNumber ? "number" : undefined },
        el("span", { class: state === undefined ? "text" : "state" }),
        el("small", {}),
      )
    ),
  );
}

function fill<T>(row: HTMLTableRowElement, item: T, columns: readonly Column<T>[]): void {
  columns.forEach(({ text, note, state }, at) => {
    const [main, small] = row.cells[at].children as unknown as HTMLElement[];
    setText(main, text(item));
    if (state !== undefined) setAttribute(main, "data-state", state(item));
    const words = note?.(item) ?? "";
    setText(small, words);
    small.hidden = words === "";
  });
}
