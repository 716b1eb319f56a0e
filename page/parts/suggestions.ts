/** The list of series below the search box, one of which is chosen. */

import { quantity } from "../../src/view/quantity.ts";
import type { SeriesInfo } from "../api.ts";
import { el, setAttribute, setText } from "../dom.ts";

interface Suggestions {
  readonly element: HTMLElement;
  readonly isOpen: boolean;
  /** Of the chosen one; undefined where none is. */
  readonly chosen: string | undefined;
  show(match: string, series: readonly SeriesInfo[], note: string): void;
  hide(): void;
  move(by: number): void;
}

/** `input`: the box that they belong to. */
export function createSuggestions(
  input: HTMLInputElement,
  take: (path: string) => void,
): Suggestions {
  const list = el("ul", { id: "found", class: "found", role: "listbox", "aria-label": "Series" });
  const more = el("p", { class: "more" });
  const element = el("div", { class: "suggestions", hidden: true }, list, more);
  let found: readonly SeriesInfo[] = [];
  let chosen = -1;

  function choose(at: number): void {
    chosen = at;
    [...list.children].forEach((option, index) =>
      setAttribute(option, "aria-selected", String(index === at))
    );
    setAttribute(input, "aria-activedescendant", at < 0 ? undefined : `found-${at}`);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  return {
    element,
    get isOpen() {
      return !element.hidden;
    },
    get chosen() {
      return found[chosen]?.path;
    },
    show(match, series, note) {
      found = series;
      list.replaceChildren(...series.map((one, at) => optionOf(one, match, at, take)));
      setText(more, note);
      more.hidden = note === "";
      element.hidden = false;
      setAttribute(input, "aria-expanded", "true");
      choose(series.length > 0 ? 0 : -1);
    },
    hide() {
      element.hidden = true;
      setAttribute(input, "aria-expanded", "false");
      choose(-1);
    },
    move(by) {
      if (found.length > 0) choose((chosen + by + found.length) % found.length);
    },
  };
}

function optionOf(
  { path, value, unit }: SeriesInfo,
  match: string,
  at: number,
  take: (path: string) => void,
): HTMLElement {
  return el(
    "li",
    {
      id: `found-${at}`,
      role: "option",
      // Before the box loses the focus, and hides them.
      onmousedown: (event: MouseEvent) => {
        event.preventDefault();
        take(path);
      },
    },
    el("span", { class: "path" }, ...marked(path, match)),
    el("span", { class: "number" }, value === undefined ? "" : quantity(value, unit)),
  );
}

/** A path with the words that were typed marked in it. */
function marked(path: string, match: string): (Node | string)[] {
  const words = match.split(/\s+/).filter((word) => word !== "").map((word) =>
    word.replace(/[^\w]/g, "\\$&")
  );
  const parts = path.split(new RegExp(`(${words.join("|")})`, "i"));
  // What a group has matched stands between what it has not.
  return parts.map((part, at) => at % 2 === 1 ? el("mark", {}, part) : part);
}
