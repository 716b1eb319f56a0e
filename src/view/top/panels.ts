/** What a chart shows of a panel: one area, and the values of now beside it. */

import type { Panel } from "../overview.ts";
import type { Samples } from "./samples.ts";

export interface PanelView {
  readonly title: string;
  readonly unit: string;
  /** A value for each column, NaN where there is none. */
  readonly values: readonly number[];
  /** The height of the chart. */
  readonly max: number;
  /** NaN where it is not known. */
  readonly now: number;
  /** How full it is, 0 to 1; NaN where the whole is not known. */
  readonly load: number;
  /** The series that have a value now, but for the whole. */
  readonly parts: readonly { readonly label: string; readonly now: number }[];
}

/** The values of a panel's series at one time, NaN where there is none. */
type Values = readonly number[];

/** How the one area of a panel is made of its series. */
interface Area {
  /** Of the values in the order of the series. */
  join(values: Values, labels: readonly string[]): number;
  /** Which parts come first; absent: in the order of the series. */
  readonly first?: "largest" | "smallest";
  /** A small value is the one to worry about. */
  readonly isRest?: boolean;
}

/** The label of the whole, which the others are parts of. */
const TOTAL = "total";

const SUM: Area = { join: sum };
const AREAS: Readonly<Record<string, Area>> = {
  cpu: { join: sum, first: "largest" },
  load: { join: ([first]) => first ?? NaN },
  memory: { join: (values, labels) => used(values, labels) },
  space: { join: smallest, first: "smallest", isRest: true },
  io: SUM,
  network: SUM,
};
/** Of other panels that are not stacked, such as the pressure. */
const LARGEST: Area = { join: largest };

export function panelView(
  panel: Panel,
  samples: Samples,
  { end, span }: { readonly end: number; readonly span: number },
  columns: number,
): PanelView {
  const { id, title, unit, stacked, series } = panel;
  const { join, first, isRest = false }: Area = AREAS[id] ?? (stacked ? SUM : LARGEST);
  const labels = series.map(({ label }) => label);
  const all = series.map(({ path }) => samples.columns(path, end, span, columns));
  const nows = series.map(({ path }) => samples.at(path, end));
  const values = Array.from(
    { length: columns },
    (_, at) => join(all.map((one) => one[at]), labels),
  );
  const total = labels.indexOf(TOTAL);
  const whole = total < 0 ? (unit === "percent" ? 100 : NaN) : nows[total];
  const top = largest([...values, 0]);
  const max = Number.isNaN(whole) ? top : Math.max(whole, top);
  const now = join(nows, labels);
  const load = now / whole;
  const parts = labels.map((label, at) => ({ label, now: nows[at] }))
    .filter(({ label, now }) => label !== TOTAL && !Number.isNaN(now));
  if (first !== undefined) parts.sort((a, b) => a.now - b.now);
  if (first === "largest") parts.reverse();
  return { title, unit, values, max, now, load: isRest ? 1 - load : load, parts };
}

function known(values: Values): number[] {
  return values.filter((value) => !Number.isNaN(value));
}

function sum(values: Values): number {
  const all = known(values);
  return all.length === 0 ? NaN : all.reduce((total, value) => total + value, 0);
}

function largest(values: Values): number {
  const all = known(values);
  return all.length === 0 ? NaN : Math.max(...all);
}

function smallest(values: Values): number {
  const all = known(values);
  return all.length === 0 ? NaN : Math.min(...all);
}

/** What is neither available nor, before Linux 3.14, free or a cache. */
function used(values: Values, labels: readonly string[]): number {
  const of = (label: string) => values[labels.indexOf(label)] ?? NaN;
  const available = of("available");
  const rest = Number.isNaN(available) ? sum(["free", "cached", "buffers"].map(of)) : available;
  return of(TOTAL) - rest;
}
