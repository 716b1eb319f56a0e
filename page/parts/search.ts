/** Finds series by a part of their path, and charts the one that is chosen. */

import { api } from "../api.ts";
import type { App } from "../app.ts";
import { el } from "../dom.ts";
import { createSuggestions } from "./suggestions.ts";

const MAX_SHOWN = 40;
const DELAY_MS = 120;

const BOX = {
  type: "search",
  placeholder: "Search series",
  "aria-label": "Search series",
  role: "combobox",
  "aria-expanded": "false",
  "aria-controls": "found",
  "aria-autocomplete": "list",
  autocomplete: "off",
  spellcheck: "false",
};

interface Search {
  readonly element: HTMLElement;
  focus(): void;
}

export function createSearch(app: App): Search {
  const input: HTMLInputElement = el("input", {
    ...BOX,
    oninput: later,
    onfocus: later,
    onkeydown: onKey,
  });
  const suggestions = createSuggestions(input, take);
  const element = el(
    "div",
    { class: "search", role: "search", onfocusout: leave },
    input,
    el("kbd", { "aria-hidden": "true" }, "/"),
    suggestions.element,
  );
  let timer: ReturnType<typeof setTimeout>;
  let asking: AbortController | undefined;

  function later(): void {
    clearTimeout(timer);
    timer = setTimeout(ask, DELAY_MS);
  }

  async function ask(): Promise<void> {
    asking?.abort();
    const { signal } = asking = new AbortController();
    const match = input.value.trim();
    if (match === "") return suggestions.hide();
    try {
      const { total, series } = await api.series(match, MAX_SHOWN, signal);
      if (!signal.aborted) suggestions.show(match, series, noteOf(match, total, series.length));
      app.say(`${total} series`);
    } catch (error) {
      if (!signal.aborted) suggestions.show(match, [], (error as Error).message);
    }
  }

  function hide(): void {
    clearTimeout(timer);
    asking?.abort();
    suggestions.hide();
  }

  function take(path: string): void {
    hide();
    input.value = "";
    input.blur();
    app.chart([...app.place.get().paths.filter((one) => one !== path), path]);
  }

  function onKey(event: KeyboardEvent): void {
    const { isOpen, chosen } = suggestions;
    if (event.key === "ArrowDown" && isOpen) suggestions.move(1);
    else if (event.key === "ArrowUp" && isOpen) suggestions.move(-1);
    else if (event.key === "Enter" && chosen !== undefined) take(chosen);
    else if (event.key === "Escape") {
      if (!isOpen) input.blur();
      input.value = "";
      hide();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function leave({ relatedTarget }: FocusEvent): void {
    if (!element.contains(relatedTarget as Node | null)) hide();
  }

  return {
    element,
    focus() {
      input.focus();
      input.select();
    },
  };
}

function noteOf(match: string, total: number, shown: number): string {
  if (total === 0) return `No series has “${match}” in its path`;
  return total > shown ? `${total - shown} more: go on typing` : "";
}
