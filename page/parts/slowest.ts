/** The collectors that take longest, and how many are well. */

import { quantity } from "../../src/view/quantity.ts";
import type { CollectorStatus } from "../api.ts";
import type { App, Part } from "../app.ts";
import { el, keyed, setText } from "../dom.ts";
import { viewLink } from "./view_link.ts";

const MAX_SHOWN = 5;

export function createSlowest(app: App): Part {
  const list = el("ol", { class: "slowest" });
  const counts = el("span", { class: "counts" });
  const all = viewLink(app, "agent", "All");
  const element = el(
    "section",
    { class: "card", "aria-label": "Collectors" },
    el("div", { class: "line" }, el("h2", {}, "Collectors"), counts, all),
    list,
  );
  let longest = 0;
  const show = keyed<CollectorStatus>(list, ({ name }) => name, () => {
    let shown = "";
    const name = el("button", { class: "label explains", onclick: () => app.explain(shown) });
    const time = el("span", { class: "number" });
    const bar = el("i", { class: "bar" });
    return {
      element: el("li", {}, name, time, bar),
      update(collector: CollectorStatus) {
        shown = collector.name;
        setText(name, shown);
        setText(time, quantity(collector.time?.mean ?? 0, "ms"));
        bar.style.width = `${100 * (collector.time?.mean ?? 0) / longest}%`;
      },
    };
  });
  const update = () => {
    const collectors = app.status.get()?.collectors ?? [];
    setText(counts, countsOf(collectors));
    const slow = collectors.filter(({ time }) => time !== undefined)
      .sort((a, b) => b.time!.mean - a.time!.mean).slice(0, MAX_SHOWN);
    longest = slow[0]?.time?.mean ?? 1;
    show(slow);
  };
  const end = app.status.follow(update);
  update();
  return { element, destroy: end };
}

/** `12 ok, 1 failing` */
function countsOf(collectors: readonly CollectorStatus[]): string {
  const counts = new Map<string, number>();
  for (const { state } of collectors) {
    if (state !== "off") counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}
