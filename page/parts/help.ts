/** The keys, in a dialog. */

import { el } from "../dom.ts";

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["/", "search series"],
  ["1 … 5", "last 5 minutes, hour, 6 hours, day, week"],
  ["← →", "earlier, later; in a chart: its values"],
  ["+ −", "a shorter, a longer range"],
  ["Esc", "close; back to live"],
  ["o m a", "overview, metrics, agent"],
  ["t", "light or dark"],
  ["?", "this help"],
];
const MOUSE: readonly (readonly [string, string])[] = [
  ["drag", "over a chart: that time in all charts"],
  ["double-click", "in a chart: back to live"],
  ["name", "below a chart: where the series comes from"],
];

export function createHelp(): HTMLDialogElement {
  const rows = (pairs: typeof KEYS) =>
    pairs.flatMap(([keys, what]) => [el("dt", {}, ...keyTexts(keys)), el("dd", {}, what)]);
  const dialog: HTMLDialogElement = el(
    "dialog",
    {
      class: "help",
      "aria-labelledby": "help-title",
      onclick: ({ target }: MouseEvent) => target === dialog && dialog.close(),
    },
    el(
      "div",
      { class: "help-body" },
      el(
        "header",
        {},
        el("h2", { id: "help-title" }, "Keys"),
        el("button", { class: "round", "aria-label": "Close", onclick: () => dialog.close() }, "×"),
      ),
      el("dl", {}, ...rows(KEYS)),
      el("h3", {}, "With the mouse"),
      el("dl", {}, ...rows(MOUSE)),
    ),
  );
  return dialog;
}

/** Each key in a box, with blanks between them. */
function keyTexts(keys: string) {
  const boxes = keys.split(" ").map((key) => key === "…" ? key : el("kbd", {}, key));
  return boxes.flatMap((box, at) => at > 0 ? [" ", box] : [box]);
}
