/** The first screen: the host's charts beside problems, handlers and the collectors that take longest. */

import type { Panel } from "../../src/view/overview.ts";
import { api } from "../api.ts";
import type { App, Part } from "../app.ts";
import { el } from "../dom.ts";
import type { Connection } from "../live.ts";
import { createPanel } from "../panel.ts";
import { createHandlers } from "./handlers.ts";
import { createProblems } from "./problems.ts";
import { createSlowest } from "./slowest.ts";

/** When to look for charts again: rates need a second run of their collectors, and devices come and go. */
const LOOKS_MS = [2000, 5000, 10_000, 60_000];
/** Ends of value axes while values are below: a percentage has one, and a few points are not many. */
const TOPS: Readonly<Record<string, number>> = { space: 100, backlog: 100 };

export function createOverview(app: App): Part {
  const charts = el("div", { class: "panels" });
  const problems = createProblems(app);
  const side = [problems, createHandlers(app), createSlowest(app)];
  const element = el(
    "div",
    { class: "overview" },
    el("section", { class: "charts", "aria-label": "Charts of this host" }, charts),
    el("div", { class: "side" }, ...side.map((part) => part.element)),
  );
  const panels = new Map<string, Part & { readonly key: string }>();
  let timer: ReturnType<typeof setTimeout>;
  let looks = 0;

  async function look(): Promise<void> {
    const found = await api.overview().catch(() => undefined);
    if (found !== undefined) show(found);
    clearTimeout(timer);
    timer = setTimeout(look, LOOKS_MS[Math.min(looks++, LOOKS_MS.length - 1)]);
  }

  /** Another agent may answer now. */
  function lookAgain({ state }: Connection): void {
    if (state === "lost") looks = 0;
    else if (state === "live" && looks === 0) look();
  }

  /** Panels that are the same stay. */
  function show(next: readonly Panel[]): void {
    const kept = new Set(next.map(({ id }) => id));
    for (const [id, panel] of panels) {
      if (!kept.has(id)) remove(id, panel);
    }
    next.forEach((panel, at) => {
      const key = JSON.stringify(panel);
      let shown = panels.get(panel.id);
      if (shown !== undefined && shown.key !== key) {
        remove(panel.id, shown);
        shown = undefined;
      }
      if (shown === undefined) {
        const open = () => app.chart(panel.series.map(({ path }) => path));
        shown = { key, ...createPanel(app, panel, { open, top: TOPS[panel.id] }) };
        panels.set(panel.id, shown);
      }
      if (charts.children[at] !== shown.element) {
        charts.insertBefore(shown.element, charts.children[at] ?? null);
      }
    });
  }

  function remove(id: string, panel: Part): void {
    panel.destroy?.();
    panel.element.remove();
    panels.delete(id);
  }

  look();
  const end = app.live.connection.follow(lookAgain);
  return {
    element,
    destroy() {
      clearTimeout(timer);
      end();
      for (const part of [...panels.values(), ...side]) part.destroy?.();
    },
  };
}
