/** What the page asks the agent for: GET, JSON, same origin. */

import type { Status } from "../src/agent/status.ts";
import type { Explanation } from "../src/view/explanation.ts";
import type { Panel } from "../src/view/overview.ts";
import { unitOf } from "../src/view/unit_of.ts";

export type { Status } from "../src/agent/status.ts";
export type CollectorStatus = Status["collectors"][number];
export type HandlerStatus = Status["handlers"][number];

export interface SeriesInfo {
  readonly path: string;
  /** Absent where it has none now. */
  readonly value?: number;
  readonly unit: string;
  /** Empty where it has gone. */
  readonly collector: string;
}

export interface TreeNode {
  readonly name: string;
  readonly path: string;
  readonly leaf: boolean;
}

/** One value a bucket; null where it has none. Times are seconds since the epoch. */
export interface Answer {
  readonly start: number;
  readonly step: number;
  readonly series: readonly {
    readonly path: string;
    readonly min: readonly (number | null)[];
    readonly mean: readonly (number | null)[];
    readonly max: readonly (number | null)[];
  }[];
}

export interface Outage {
  readonly handler: string;
  readonly from: number;
  /** Null while it lasts. */
  readonly to: number | null;
  readonly reason: string;
}

type Query = Readonly<Record<string, string | number | readonly string[]>>;

export class RequestError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The address of a question, relative to the page, so that it also works behind a proxy's folder. */
export function addressOf(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text === "" ? `api/${path}` : `api/${path}?${text}`;
}

async function ask<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const response = await fetch(addressOf(path, query), { signal, cache: "no-store" });
  if (response.ok) return await response.json() as T;
  const text = (await response.text()).slice(0, 500);
  throw new RequestError(response.status, messageOf(text) || response.statusText);
}

/** Of `{"error": "…"}`, or of a plain text. */
function messageOf(text: string): string {
  try {
    const { error, message } = JSON.parse(text) as { error?: unknown; message?: unknown };
    return String(error ?? message ?? text);
  } catch {
    return text.trim();
  }
}

interface SeriesAnswer {
  readonly total: number;
  readonly series: readonly SeriesInfo[];
}

const NOTHING: SeriesAnswer = { total: 0, series: [] };
/** Of the series that contain a path, the path itself is among the first. */
const SAME_START = 50;

export const api = {
  status: () => ask<Status>("status"),
  overview: () => ask<Panel[]>("overview"),
  async series(match: string, limit: number, signal?: AbortSignal) {
    const query = { match, limit };
    const { total, series } = await ask<SeriesAnswer>("series", query, signal);
    return { total, series: series.map((one) => ({ ...one, unit: unitOf(one.path, one.unit) })) };
  },
  /** Also of a series that is not there now. */
  async info(path: string, signal?: AbortSignal): Promise<SeriesInfo> {
    const { series } = await api.series(path, SAME_START, signal).catch(() => NOTHING);
    return series.find((one) => one.path === path) ?? { path, unit: unitOf(path), collector: "" };
  },
  tree: async (prefix: string) =>
    (await ask<{ nodes: TreeNode[] }>("tree", prefix === "" ? {} : { prefix })).nodes,
  read: (
    paths: readonly string[],
    from: number,
    to: number,
    points: number,
    signal?: AbortSignal,
  ) =>
    ask<Answer>("read", { path: paths, from: Math.floor(from), to: Math.ceil(to), points }, signal),
  explain: (path: string, signal: AbortSignal) => ask<Explanation>("explain", { path }, signal),
  outages: (from: number, to: number) =>
    ask<Outage[]>("outages", { from: Math.floor(from), to: Math.ceil(to) }),
};
