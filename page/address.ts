/** Keeps the view, its series and the range in the address, so that a link shows the same. */

import { addressText, parseAddress, type Place } from "./place.ts";
import { type Range, rangeText } from "./range.ts";
import type { Store } from "./store.ts";

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
