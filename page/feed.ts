/** Brings values to charts: read once for a range, then point by point, or read again where buckets are long. */

import { type Answer, api, RequestError } from "./api.ts";
import type { Points } from "./live.ts";
import { boundsOf, type Range } from "./range.ts";
import { appended, dataOf, type SeriesData } from "./series_data.ts";
import type { Store } from "./store.ts";

export interface View {
  readonly data: SeriesData;
  readonly from: number;
  readonly to: number;
  /** Values that came in as they were published; none while the range is fixed. */
  readonly latest: ReadonlyMap<string, number>;
}

export interface Feed {
  /** Streams these series to a chart until the returned function is called. A text says why there is nothing. */
  subscribe(paths: readonly string[], take: (view: View | string) => void): () => void;
  points(points: Points): void;
  reload(): void;
}

interface Subscription {
  readonly paths: readonly string[];
  readonly take: (view: View | string) => void;
  data?: SeriesData;
  asking?: AbortController;
}

interface FeedContext {
  readonly range: Store<Range>;
  /** Why there is no past. */
  readonly notice: Store<string>;
  /** The agent's clock, in seconds. */
  now(): number;
  want(paths: readonly string[]): void;
}

const POINTS = 360;
const STEP_WITHOUT_PAST = 5;
const POINTS_OF_PHONES = 180;
/** From here on a bucket takes many points, whose mean only the agent knows. */
const LONG_STEP = 60;
const MIN_RELOAD_SECONDS = 20;
const MAX_RELOAD_SECONDS = 300;

const NONE: ReadonlyMap<string, number> = new Map();

export function createFeed({ range, notice, now, want }: FeedContext): Feed {
  const subscriptions = new Set<Subscription>();
  const latest = new Map<string, number>();
  let loadedAt = now();

  function bounds() {
    return boundsOf(range.get(), now());
  }

  function show({ data, take }: Subscription): void {
    const isLive = range.get().kind === "live";
    if (data !== undefined) take({ data, latest: isLive ? latest : NONE, ...bounds() });
  }

  async function load(subscription: Subscription): Promise<void> {
    subscription.asking?.abort();
    const asking = subscription.asking = new AbortController();
    const { from, to } = bounds();
    const points = innerWidth < 600 ? POINTS_OF_PHONES : POINTS;
    try {
      const { paths } = subscription;
      const answer: Answer = await api.read(paths, from, to, points, asking.signal);
      subscription.data = dataOf(answer, paths);
      notice.set("");
      show(subscription);
    } catch (error) {
      if (asking.signal.aborted) return;
      const reason = (error as Error).message;
      if (error instanceof RequestError) withoutPast(subscription, reason);
      subscription.take(reason);
    }
  }

  /** The points that come in are drawn all the same. */
  function withoutPast(subscription: Subscription, reason: string): void {
    const { paths } = subscription;
    subscription.data ??= dataOf({ start: now(), step: STEP_WITHOUT_PAST, series: [] }, paths);
    notice.set(reason);
  }

  function reload(): void {
    loadedAt = now();
    for (const subscription of subscriptions) load(subscription);
  }

  function follow(): void {
    want([...new Set([...subscriptions].flatMap(({ paths }) => paths))]);
  }

  range.follow(reload);
  return {
    subscribe(paths, take) {
      const subscription: Subscription = { paths, take };
      subscriptions.add(subscription);
      load(subscription);
      follow();
      return () => {
        subscription.asking?.abort();
        subscriptions.delete(subscription);
        follow();
      };
    },
    points({ time, values }) {
      for (const [path, value] of Object.entries(values)) latest.set(path, value);
      if (range.get().kind !== "live") return;
      const { from } = bounds();
      for (const subscription of subscriptions) {
        const { data } = subscription;
        if (data === undefined) continue;
        if (data.step >= LONG_STEP && now() - loadedAt > secondsToReload(data.step)) {
          return reload();
        }
        if (data.step < LONG_STEP) subscription.data = appended(data, time, values, from);
        show(subscription);
      }
    },
    reload,
  };
}

/** How long a chart of long buckets may stay as it is. */
function secondsToReload(step: number): number {
  return Math.min(MAX_RELOAD_SECONDS, Math.max(MIN_RELOAD_SECONDS, step / 2));
}
