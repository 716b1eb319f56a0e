/** A card with one chart: its title, the sum of what is stacked, the chart, and its values as a table. */

import type { Panel } from "../src/view/overview.ts";
import { quantity } from "../src/view/quantity.ts";
import type { App, Part } from "./app.ts";
import { el, setText } from "./dom.ts";
import type { View } from "./feed.ts";
import { createLegend, nearest } from "./legend.ts";
import { createPlot } from "./plot.ts";
import { summaryOf } from "./series_data.ts";
import { momentText } from "./times.ts";

interface PanelOptions {
  /** The end of its value axis, where it has one. */
  readonly top?: number;
  /** Shows more of it. */
  readonly open?: () => void;
  readonly remove?: (path: string) => void;
}

export function createPanel(app: App, panel: Panel, options: PanelOptions = {}): Part {
  const { title, unit, series } = panel;
  const value = el("span", { class: "panel-value" });
  const moment = el("span", { class: "panel-moment" });
  const legend = createLegend({
    title,
    unit,
    series,
    explain: app.explain,
    remove: options.remove,
  });

  const plot = createPlot(app, panel, options.top, (view, cursor) => {
    legend.update(view, cursor);
    setText(moment, cursor === undefined ? "" : momentOf(app, view.data.times[cursor]));
    const sum = panel.stacked || series.length === 1 ? sumAt(view, cursor) : undefined;
    setText(value, sum === undefined ? "" : quantity(sum, unit));
  });
  const { open } = options;
  const heading = open === undefined
    ? title
    : el("button", { class: "panel-title", title: "Open under Metrics", onclick: open }, title);
  const element = el(
    "section",
    { class: "panel", "data-panel": panel.id, "aria-label": title },
    el("header", {}, el("h2", {}, heading), moment, value),
    plot.element,
    legend.element,
  );
  return { element, destroy: plot.destroy };
}

/** Of all series, now or at the cursor; undefined where none has a value. */
function sumAt({ data, latest }: View, cursor: number | undefined): number | undefined {
  const values = data.series.flatMap((column) =>
    (cursor === undefined ? summaryOf(column, latest).now : nearest(column.mean, cursor)) ?? []
  );
  return values.length === 0 ? undefined : values.reduce((sum, one) => sum + one, 0);
}

/** `12:03:10`, with the handlers that could not deliver then. */
function momentOf(app: App, time: number): string {
  const down = app.outages.get().filter(({ from, to }) => from <= time && time <= (to ?? Infinity));
  const names = [...new Set(down.map(({ handler }) => `${handler} down`))];
  return [momentText(time, app.now()), ...names].join(" · ");
}
