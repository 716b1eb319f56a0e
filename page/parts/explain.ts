/** Where a series comes from, or how a collector or a handler is: a drawer with its chart and its explanation. */

import type { Explanation } from "../../src/view/explanation.ts";
import { api } from "../api.ts";
import type { App, Part } from "../app.ts";
import { el } from "../dom.ts";
import { createPanel } from "../panel.ts";

interface Drawer {
  readonly element: HTMLElement;
  readonly isOpen: boolean;
  show(path: string): void;
  close(): void;
}

export function createExplain(app: App): Drawer {
  const title = el("h2", { tabindex: -1, class: "path" });
  const body = el("div", { class: "drawer-body" });
  const element = el(
    "aside",
    { class: "drawer", "aria-label": "Explanation", hidden: true },
    el(
      "header",
      {},
      el("p", { class: "kicker" }, "Explanation"),
      el("button", {
        class: "round",
        "aria-label": "Close",
        title: "Close (Esc)",
        onclick: () => close(),
      }, "×"),
    ),
    title,
    body,
  );
  let chart: Part | undefined;
  let asking: AbortController | undefined;
  let before: Element | null = null;

  async function show(path: string): Promise<void> {
    if (element.hidden) before = document.activeElement;
    asking?.abort();
    chart?.destroy?.();
    chart = undefined;
    const { signal } = asking = new AbortController();
    title.textContent = path;
    body.replaceChildren();
    element.hidden = false;
    title.focus();
    const rows = el(
      "div",
      { class: "explanation" },
      el("p", { class: "wait" }, "Asking the agent …"),
    );
    const values = await valuesOf(path, signal);
    if (signal.aborted) return;
    chart = values;
    body.replaceChildren(...(values === undefined ? [rows] : [values.element, rows, adding(path)]));
    const content = await explained(path, signal);
    if (!signal.aborted) rows.replaceChildren(...content);
  }

  /** The chart of a series; a collector and a handler have none. */
  async function valuesOf(path: string, signal: AbortSignal): Promise<Part | undefined> {
    if (!path.includes(".")) return undefined;
    const { unit } = await api.info(path, signal);
    if (signal.aborted) return undefined;
    const series = [{ path, label: lastNode(path) }];
    return createPanel(app, { id: "explained", title: "Values", unit, stacked: false, series });
  }

  function adding(path: string): HTMLElement {
    const add = () => app.chart([...new Set([...app.place.get().paths, path])]);
    return el("button", { class: "wide-button", onclick: add }, "Chart it under Metrics");
  }

  function close(): void {
    if (element.hidden) return;
    asking?.abort();
    chart?.destroy?.();
    chart = undefined;
    element.hidden = true;
    (before as HTMLElement | null)?.focus?.();
  }

  return {
    element,
    get isOpen() {
      return !element.hidden;
    },
    show,
    close,
  };
}

async function explained(path: string, signal: AbortSignal): Promise<HTMLElement[]> {
  try {
    return explanationOf(await api.explain(path, signal));
  } catch (error) {
    return [el("p", { class: "fault" }, (error as Error).message)];
  }
}

function explanationOf({ verdict, ok, rows }: Explanation): HTMLElement[] {
  const list = rows.map(({ label, value, where }) =>
    el(
      "div",
      {},
      el("dt", {}, label),
      el("dd", {}, value, where === undefined ? undefined : el("small", {}, where)),
    )
  );
  return [
    el("p", { class: "verdict", "data-ok": String(ok) }, verdict),
    el("dl", { class: "rows" }, ...list),
  ];
}

function lastNode(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}
