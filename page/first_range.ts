/** The range that the page begins with where the address names none: shorter while there is little to see. */

import { api } from "./api.ts";
import { liveRange, type Range, SPANS } from "./range.ts";
import type { Store } from "./store.ts";

const [[, , SHORT_SECONDS]] = SPANS;
/** Older values are worth the longer range. */
const OLD_SECONDS = 600;
const POINTS = 20;

export async function chooseRange(range: Store<Range>, now: () => number): Promise<void> {
  const isOld = await hasValuesBefore(now() - OLD_SECONDS);
  // The reader may have chosen another one meanwhile.
  if (!isOld && range.get() === liveRange) range.set({ kind: "live", seconds: SHORT_SECONDS });
}

async function hasValuesBefore(to: number): Promise<boolean> {
  try {
    const panels = await api.overview();
    const paths = panels.slice(0, 1).map(({ series: [{ path }] }) => path);
    const { series } = await api.read(paths, to - liveRange.seconds, to, POINTS);
    return series.length > 0;
  } catch {
    return false;
  }
}
