/** The rows of the three tables: their columns, cells and order. */

import type { CollectorStatus, HandlerStatus, ReportedError } from "../../agent/status.ts";
import { compileSearch } from "../../core/search.ts";
import { quantity } from "../quantity.ts";
import type { TopModel } from "./model.ts";
import type { Pane, PaneState } from "./state.ts";
import type { Style } from "./text.ts";
import { lengthText } from "../lengths.ts";
import { sinceText } from "./times.ts";

export interface Column {
  readonly title: string;
  readonly isRight?: boolean;
  /** It takes the room that is left; what does not fit is cut at the front, of a path. */
  readonly fills?: "end" | "front";
  /** Tables that are narrower do without it. */
  readonly from?: number;
}

export interface Row {
  readonly name: string;
  readonly cells: readonly string[];
  /** What it is sorted by, for each column. */
  readonly keys: readonly (string | number)[];
  readonly style: Style;
  /** A line below it. */
  readonly note?: string;
}

const HANDLER_COLUMNS: readonly Column[] = [
  { title: "Handler" },
  { title: "State" },
  { title: "Lag", isRight: true },
  { title: "Backlog", isRight: true },
  { title: "Oldest", isRight: true, from: 96 },
  { title: "Delivered", isRight: true },
  { title: "Dropped", isRight: true, from: 96 },
  { title: "Destination", fills: "end" },
];

const COLLECTOR_COLUMNS: readonly Column[] = [
  { title: "Collector", fills: "end" },
  { title: "State" },
  { title: "Every", isRight: true },
  { title: "Last run", isRight: true },
  { title: "Took", isRight: true },
  { title: "Mean", isRight: true },
  { title: "Points", isRight: true },
  { title: "Failed", isRight: true, from: 96 },
];

const METRIC_COLUMNS: readonly Column[] = [
  { title: "Metric", fills: "front" },
  { title: "Value", isRight: true },
  { title: "Age", isRight: true },
  { title: "Collector", from: 100 },
];

export const COLUMNS: Readonly<Record<Pane, readonly Column[]>> = {
  handlers: HANDLER_COLUMNS,
  collectors: COLLECTOR_COLUMNS,
  metrics: METRIC_COLUMNS,
};

/** Sorted by state, what is wrong comes first. */
const SEVERITY = ["failing", "missing", "no data", "waiting", "ok"];

const STYLES: Readonly<Record<string, Style>> = {
  failing: "red",
  missing: "red",
  "no data": "yellow",
  waiting: "yellow",
};

/** Those that the pane's filter lets through, in its order. */
export function rowsOf(
  pane: Pane,
  model: TopModel,
  { sort, isReversed, filter }: PaneState,
): Row[] {
  const matches = searchOr(filter);
  const rows = ROWS[pane](model).filter(({ name, cells, note = "" }) =>
    // The agent has searched among the metrics already.
    pane === "metrics" || matches(`${name} ${cells.join(" ")} ${note}`)
  );
  const sign = isReversed ? -1 : 1;
  return rows.sort((a, b) => sign * compare(a.keys[sort], b.keys[sort]) || compare(a.name, b.name));
}

/** Numbers begin with the largest. */
function compare(a: string | number, b: string | number): number {
  if (typeof a === "number" && typeof b === "number") return b - a || 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A filter that is being typed may be no pattern yet. */
function searchOr(filter: string): (text: string) => boolean {
  try {
    return compileSearch(filter);
  } catch {
    return () => false;
  }
}

const ROWS: Readonly<Record<Pane, (model: TopModel) => Row[]>> = {
  handlers: ({ status: { handlers }, now }) =>
    handlers.filter(isOn).map((handler) => handlerRow(handler, now)),
  collectors: ({ status: { collectors, now: seen }, now }) =>
    collectors.filter(isOn).map((collector) => collectorRow(collector, seen, now)),
  metrics: ({ metrics: { series }, end }) =>
    series.map(({ path, value, time, unit, collector }) => {
      const age = Math.max(0, end - time);
      return {
        name: path,
        // There may be thousands, of which some are on the screen.
        get cells() {
          return [path, quantity(value, unit), lengthText(age), collector];
        },
        keys: [path, value, age, collector],
        style: "plain",
      };
    }),
};

export function isOn({ state }: { readonly state: string }): boolean {
  return state !== "off";
}

function handlerRow(handler: HandlerStatus, now: number): Row {
  const { name, state, lag, queued, spooled, behind, delivered, destination = "" } = handler;
  const dropped = Object.values(handler.dropped).reduce((all, points) => all + points, 0);
  const backlog = queued + spooled;
  return {
    name,
    cells: [
      name,
      state,
      lag === undefined ? "" : quantity(lag, "s"),
      quantity(backlog, ""),
      behind === undefined || backlog === 0 ? "" : lengthText(behind),
      quantity(delivered, ""),
      quantity(dropped, ""),
      destination,
    ],
    keys: [
      name,
      severity(state),
      lag ?? -1,
      backlog,
      behind ?? -1,
      delivered,
      dropped,
      destination,
    ],
    style: STYLES[state] ?? "plain",
    note: noteOf(handler.error ?? handler.spoolError, now),
  };
}

/** A number that sorts what is wrong to the front. */
function severity(state: string): number {
  return SEVERITY.length - SEVERITY.indexOf(state);
}

function noteOf(error: ReportedError | undefined, now: number): string | undefined {
  if (error === undefined) return undefined;
  return `since ${sinceText(error.first / 1000, now)}: ${error.message}`;
}

/** `seen`: when the agent was asked, in milliseconds. */
function collectorRow(collector: CollectorStatus, seen: number, now: number): Row {
  const { name, state, interval, lastRun, milliseconds, points, failures, time, error } = collector;
  const ago = Math.max(0, (seen - lastRun) / 1000);
  const hasRun = lastRun > 0;
  return {
    name,
    cells: [
      name,
      state,
      interval === 0 ? "" : lengthText(interval),
      hasRun ? `${lengthText(ago)} ago` : "",
      hasRun ? quantity(milliseconds, "ms") : "",
      time === undefined ? "" : quantity(time.mean, "ms"),
      quantity(points, ""),
      quantity(failures, ""),
    ],
    keys: [
      name,
      severity(state),
      interval,
      hasRun ? ago : Infinity,
      milliseconds,
      time?.mean ?? -1,
      points,
      failures,
    ],
    style: STYLES[state] ?? "plain",
    note: noteOf(error, now),
  };
}
