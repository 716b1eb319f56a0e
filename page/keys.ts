/** The keyboard, where no field or chart has it for itself. */

import type { App } from "./app.ts";
import { VIEWS } from "./parts/topbar.ts";
import { liveRange, moved, SPANS, zoomed } from "./range.ts";
import { switchTheme } from "./theme.ts";

interface Actions {
  search(): void;
  help(): void;
  /** Closes what is open; false where nothing was. */
  close(): boolean;
  /** Whether a dialog stands before everything else. */
  isBlocked(): boolean;
}

export function followKeys(
  { range, place, now }: App,
  { search, help, close, isBlocked }: Actions,
): void {
  const keys: Record<string, () => void> = {
    "/": search,
    "?": help,
    t: switchTheme,
    Escape: () => close() || (range.get().kind === "fixed" && range.set(liveRange)),
    ArrowLeft: () => range.set(moved(range.get(), -0.25, now())),
    ArrowRight: () => range.get().kind === "fixed" && range.set(moved(range.get(), 0.25, now())),
    "+": () => range.set(zoomed(range.get(), 0.5, now())),
    "-": () => range.set(zoomed(range.get(), 2, now())),
  };
  SPANS.forEach(([, , seconds], at) => keys[at + 1] = () => range.set({ kind: "live", seconds }));
  for (const [view] of VIEWS) keys[view[0]] = () => place.set({ ...place.get(), view });

  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const isField = /^(INPUT|TEXTAREA|SELECT)$/.test((event.target as Element).tagName ?? "");
    if (isField || keys[event.key] === undefined) return;
    if (isBlocked() && event.key !== "Escape" && event.key !== "?") return;
    event.preventDefault();
    keys[event.key]();
  });
}
