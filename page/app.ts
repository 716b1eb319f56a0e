/** What the parts of the page share. */

import type { Outage, Status } from "./api.ts";
import type { Feed } from "./feed.ts";
import type { Live } from "./live.ts";
import type { Place } from "./place.ts";
import type { Range } from "./range.ts";
import type { Store } from "./store.ts";

export interface App {
  readonly range: Store<Range>;
  readonly status: Store<Status | undefined>;
  readonly outages: Store<readonly Outage[]>;
  readonly place: Store<Place>;
  readonly live: Live;
  readonly feed: Feed;
  /** The agent's clock, in seconds. */
  now(): number;
  /** Shows where a series comes from. */
  explain(path: string): void;
  /** Charts these series under Metrics. */
  chart(paths: readonly string[]): void;
  /** Says something to a screen reader. */
  say(text: string): void;
}

/** A part of the page. */
export interface Part {
  readonly element: HTMLElement;
  /** Ends what it follows. */
  destroy?(): void;
}
