/** A link to a view of the page, which keeps the range and the chosen series. */

import type { App } from "../app.ts";
import { el } from "../dom.ts";
import type { ViewName } from "../place.ts";

export function viewLink(
  app: App,
  view: ViewName,
  label: string,
  name?: string,
): HTMLAnchorElement {
  return el("a", {
    href: `#${view}`,
    class: name,
    onclick(event: MouseEvent) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      app.place.set({ ...app.place.get(), view });
    },
  }, label);
}
