/** The series of a chart as a table: the value now or at the cursor, and the least, mean and most of the range. */

import { quantity } from "../src/view/quantity.ts";
import { el, setText } from "./dom.ts";
import type { View } from "./feed.ts";
import { summaryOf } from "./series_data.ts";
import { isRepeated, seriesColour } from "./theme.ts";

interface LegendOptions {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly { readonly path: string; readonly label: string }[];
  explain(path: string): void;
  /** Absent where series cannot be taken away. */
  remove?(path: string): void;
}

interface Legend {
  readonly element: HTMLElement;
  /** `index`: of the bucket below the cursor. */
  update(view: View, index: number | undefined): void;
}

const COLUMNS = ["Now", "Least", "Mean", "Most"];
const NONE = "–";

export function createLegend({ title, unit, series, explain, remove }: LegendOptions): Legend {
  const rows = series.map(({ path, label }, at) => {
    const swatch = el("span", {
      class: isRepeated(at) ? "swatch dashed" : "swatch",
      "aria-hidden": "true",
    });
    swatch.style.setProperty("--swatch", `var(${seriesColour(at)})`);
    const cells = COLUMNS.map((column) =>
      el("span", { role: "cell", class: `value ${column.toLowerCase()}` }, NONE)
    );
    const key = el(
      "button",
      {
        class: "key",
        title: `${path}: where it comes from`,
        onclick: () => explain(path),
      },
      swatch,
      el("span", { class: "label" }, label),
    );
    const away = remove &&
      el(
        "button",
        { class: "away", "aria-label": `Remove ${path}`, onclick: () => remove(path) },
        "×",
      );
    const row = el(
      "div",
      { role: "row", class: "row" },
      el("span", { role: "rowheader", class: "name" }, key, away),
      ...cells,
    );
    return { row, cells };
  });
  const head = el(
    "div",
    { role: "row", class: "row head" },
    ...["Series", ...COLUMNS].map((name) =>
      el("span", { role: "columnheader", class: name.toLowerCase() }, name)
    ),
  );
  const text = (value: number | undefined | null) =>
    value === undefined || value === null ? NONE : quantity(value, unit);
  return {
    element: el(
      "div",
      { role: "table", class: "legend", "aria-label": `Values of ${title}` },
      head,
      ...rows.map(({ row }) => row),
    ),
    update({ data, latest }, index) {
      rows.forEach(({ cells }, at) => {
        const column = data.series[at];
        const { now, min, mean, max } = summaryOf(column, latest);
        const shown = index === undefined ? now : nearest(column.mean, index);
        [shown, min, mean, max].forEach((value, cell) => setText(cells[cell], text(value)));
      });
    },
  };
}

/** Buckets around the cursor that count as its own: a series may be sparser than they are. */
const REACH = 15;

export function nearest(values: readonly (number | null)[], index: number): number | undefined {
  for (let by = 0; by <= REACH; by++) {
    const found = values[index - by] ?? values[index + by];
    if (found !== null && found !== undefined) return found;
  }
  return undefined;
}
