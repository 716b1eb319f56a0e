/** A panel's chart in its box: loads and follows its series, and lets the keyboard move along them. */

import type { Panel } from "../src/view/overview.ts";
import { quantity } from "../src/view/quantity.ts";
import type { App, Part } from "./app.ts";
import { type Chart, createChart } from "./chart.ts";
import { el, setText } from "./dom.ts";
import type { View } from "./feed.ts";
import { nearest } from "./legend.ts";
import { fixedRange, liveRange } from "./range.ts";
import { type SeriesData, summaryOf } from "./series_data.ts";
import { theme } from "./theme.ts";
import { momentText } from "./times.ts";

/** `cursor`: the bucket below it; undefined where there is none. */
type OnChange = (view: View, cursor: number | undefined) => void;

/** Buckets that an arrow moves by together with Shift. */
const LEAP = 10;

export function createPlot(
  app: App,
  panel: Panel,
  top: number | undefined,
  onChange: OnChange,
): Part {
  const { title, unit, series } = panel;
  let view: View | undefined;
  let cursor: number | undefined;
  let chart: Chart | undefined;
  const note = el("p", { class: "panel-note" });
  const plot = el("div", {
    class: "plot",
    tabindex: 0,
    role: "img",
    "aria-label": `Chart of ${title}`,
    onkeydown: stepBy,
    onblur: () => moveTo(undefined),
  });

  function moveTo(index: number | undefined): void {
    cursor = index;
    if (view !== undefined) onChange(view, cursor);
  }

  function create(): Chart {
    return createChart(plot, {
      ...{ unit, top, stacked: panel.stacked, count: series.length, now: app.now },
      outages: app.outages.get,
      onCursor: moveTo,
      onSelect: (from, to) => app.range.set(fixedRange(from, to)),
      onBack: () => app.range.set(liveRange),
    });
  }

  function take(next: View | string): void {
    if (typeof next === "string") return setText(note, "No values");
    view = next;
    const isEmpty = view.data.series.every(({ mean }) => mean.every((one) => one === null));
    setText(note, isEmpty ? "No values in this range" : "");
    chart ??= create();
    chart.draw(view);
    onChange(view, cursor);
    plot.setAttribute("aria-label", inWords(panel, view));
  }

  function stepBy(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    chart?.step(event.shiftKey ? LEAP * by : by);
    if (view !== undefined && cursor !== undefined) {
      app.say(valuesAt(panel, view.data, cursor, app.now()));
    }
  }

  const size = new ResizeObserver(() => chart?.resize(plot.clientWidth, plot.clientHeight));
  size.observe(plot);
  const ends = [
    app.feed.subscribe(series.map(({ path }) => path), take),
    theme.follow(() => chart?.redraw()),
    app.outages.follow(() => chart?.redraw()),
    () => size.disconnect(),
    () => chart?.destroy(),
  ];
  return {
    element: el("div", { class: "plot-box" }, plot, note),
    destroy: () => ends.forEach((end) => end()),
  };
}

/** `12:03:10: user 3.1 %, system 1.0 %` */
function valuesAt({ series, unit }: Panel, data: SeriesData, cursor: number, now: number): string {
  const values = series.flatMap(({ label }, at) => {
    const found = nearest(data.series[at].mean, cursor);
    return found === undefined ? [] : `${label} ${quantity(found, unit)}`;
  });
  return `${momentText(data.times[cursor], now)}: ${values.join(", ")}`;
}

/** `Chart of CPU. user now 3.1 %, from 1 % to 20 %; …` */
function inWords({ title, unit, series }: Panel, { data, latest }: View): string {
  const parts = series.flatMap(({ label }, at) => {
    const { now, min, max } = summaryOf(data.series[at], latest);
    if (now === undefined || min === undefined || max === undefined) return [];
    return `${label} now ${quantity(now, unit)}, from ${quantity(min, unit)} to ${
      quantity(max, unit)
    }`;
  });
  return `Chart of ${title}. ${parts.length === 0 ? "No values" : parts.join("; ")}`;
}
