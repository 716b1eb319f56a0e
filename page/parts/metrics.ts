/** Every series: a tree beside charts of those that were chosen, which share a chart where unit and collector agree. */

import { api, type SeriesInfo } from "../api.ts";
import type { App, Part } from "../app.ts";
import { el, keyed } from "../dom.ts";
import { createPanel } from "../panel.ts";
import { createTree } from "./tree.ts";

/** Lines of one chart that a reader can distinguish. */
const MAX_LINES = 8;

interface Group {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly paths: readonly string[];
}

export function createMetrics(app: App): Part {
  const charts = el("div", { class: "panels wide" });
  const empty = el(
    "p",
    { class: "empty" },
    "Choose series in the tree, or press ",
    el("kbd", {}, "/"),
    " and type a part of a name.",
  );
  const tree = createTree(app);
  const element = el(
    "div",
    { class: "metrics" },
    el(
      "nav",
      { class: "card tree-card", "aria-label": "Series" },
      el("h2", {}, "Series"),
      tree.element,
    ),
    el("section", { class: "charts", "aria-label": "Charts of chosen series" }, empty, charts),
  );
  const known = new Map<string, SeriesInfo>();
  const ends = new Map<string, () => void>();

  const show = keyed<Group>(charts, ({ id }) => id, (group) => {
    const remove = (path: string) => app.chart(app.place.get().paths.filter((one) => one !== path));
    const series = group.paths.map((path) => ({ path, label: shortened(path, group.title) }));
    const part = createPanel(app, { ...group, stacked: false, series }, { remove });
    ends.set(group.id, () => part.destroy?.());
    return { element: part.element, update: () => {} };
  });

  async function update(): Promise<void> {
    const { view, paths } = app.place.get();
    if (view !== "metrics") return;
    const unknown = paths.filter((path) => !known.has(path));
    await Promise.all(unknown.map(async (path) => {
      known.set(path, await api.info(path));
    }));
    if (app.place.get().paths !== paths) return;
    const groups = groupsOf(paths.map((path) => known.get(path)!));
    for (const [id, end] of ends) {
      if (groups.some((group) => group.id === id)) continue;
      end();
      ends.delete(id);
    }
    show(groups);
    empty.hidden = groups.length > 0;
  }

  const end = app.place.follow(update);
  update();
  return {
    element,
    destroy() {
      end();
      tree.destroy?.();
      for (const one of ends.values()) one();
    },
  };
}

function groupsOf(series: readonly SeriesInfo[]): Group[] {
  const groups = new Map<string, SeriesInfo[]>();
  for (const one of series) {
    const kind = `${one.collector || parentOf(one.path)} ${one.unit}`;
    let part = 1;
    while ((groups.get(`${kind} ${part}`)?.length ?? 0) >= MAX_LINES) part++;
    const key = `${kind} ${part}`;
    groups.set(key, [...groups.get(key) ?? [], one]);
  }
  return [...groups.values()].map((members) => {
    const paths = members.map(({ path }) => path);
    return { id: paths.join(" "), title: commonTitle(paths), unit: members[0].unit, paths };
  });
}

/** The nodes that all paths begin with, without the last one. */
function commonTitle(paths: readonly string[]): string {
  if (paths.length === 1) return paths[0];
  let title = parentOf(paths[0]);
  while (title !== "" && !paths.every((path) => path.startsWith(`${title}.`))) {
    title = parentOf(title);
  }
  return title === "" ? "Series" : title;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(".")));
}

function shortened(path: string, title: string): string {
  return path.startsWith(`${title}.`)
    ? path.slice(title.length + 1)
    : path.slice(path.lastIndexOf(".") + 1);
}
