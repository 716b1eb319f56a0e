/** Which view is shown with which series, and how it stands in the address. */

import { liveRange, parseRange, type Range, rangeText } from "./range.ts";

export type ViewName = "overview" | "metrics" | "agent";

export interface Place {
  readonly view: ViewName;
  /** Series that are charted under Metrics. */
  readonly paths: readonly string[];
}

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
