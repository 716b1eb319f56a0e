/** Keeps the view, its series and the range in the address, so that a link shows the same. */

import type { Place, ViewName } from "./app.ts";
import { liveRange, parseRange, type Range, rangeText } from "./range.ts";
import type { Store } from "./store.ts";

const VIEWS: readonly ViewName[] = ["overview", "metrics", "agent"];
const MAX_PATHS = 30;

export function parseAddress(hash: string): { place: Place; range: Range } {
  const [name, query = ""] = hash.replace(/^#/, "").split("?");
  const parameters = new URLSearchParams(query);
  const view = VIEWS.find((one) => one === name) ?? "overview";
  const paths = [...new Set(parameters.getAll("path"))].slice(0, MAX_PATHS);
  const range = parameters.get("range");
  return { place: { view, paths }, range: range === null ? liveRange : parseRange(range) };
}

export function addressText({ view, paths }: Place, range: Range): string {
  const parameters = new URLSearchParams();
  if (rangeText(range) !== rangeText(liveRange)) parameters.set("range", rangeText(range));
  if (view === "metrics") { for (const path of paths) parameters.append("path", path); }
  const query = parameters.toString();
  return `#${view}${query === "" ? "" : `?${query}`}`;
}

/** Writes changes into the address, and takes those of the browser's buttons. */
export function followAddress(place: Store<Place>, range: Store<Range>): void {
  const write = () => {
    const text = addressText(place.get(), range.get());
    if (text !== location.hash) history.pushState(null, "", text);
  };
  place.follow(write);
  range.follow(write);
  addEventListener("popstate", () => {
    const { place: nextPlace, range: nextRange } = parseAddress(location.hash);
    place.set(nextPlace);
    if (rangeText(nextRange) !== rangeText(range.get())) range.set(nextRange);
  });
}
