/** Where the points go: each handler's state, what waits, and when it could not deliver. */

import { lengthText } from "../../src/view/lengths.ts";
import { quantity } from "../../src/view/quantity.ts";
import type { HandlerStatus, Outage } from "../api.ts";
import type { App, Part } from "../app.ts";
import { el, keyed, setAttribute, setText } from "../dom.ts";
import { boundsOf } from "../range.ts";
import { momentText } from "../times.ts";

export function createHandlers(app: App): Part {
  const list = el("ul", { class: "handlers" });
  const element = el(
    "section",
    { class: "card", "aria-label": "Handlers" },
    el("h2", {}, "Handlers"),
    list,
  );
  const show = keyed<HandlerStatus>(list, ({ name }) => name, () => rowOf(app));
  const update = () =>
    show((app.status.get()?.handlers ?? []).filter(({ state }) => state !== "off"));
  const ends = [app.status.follow(update), app.outages.follow(update), app.range.follow(update)];
  update();
  return { element, destroy: () => ends.forEach((end) => end()) };
}

function rowOf(app: App) {
  let shown = "";
  const name = el("button", { class: "explains", onclick: () => app.explain(shown) });
  const state = el("span", { class: "state" });
  const place = el("p", { class: "destination" });
  const waiting = el("span", { class: "number" });
  const lag = el("span", { class: "number" });
  const delivered = el("span", { class: "number" });
  const strip = el("div", { class: "strip", role: "img" });
  const outages = el("p", { class: "outages" });
  const fact = (label: string, value: HTMLElement) =>
    el("div", {}, el("dt", {}, label), el("dd", {}, value));
  return {
    element: el(
      "li",
      {},
      el("div", { class: "line" }, el("strong", {}, name), state),
      place,
      el(
        "dl",
        { class: "facts" },
        fact("Waiting", waiting),
        fact("Lag", lag),
        fact("Delivered", delivered),
      ),
      strip,
      outages,
    ),
    update(handler: HandlerStatus) {
      shown = handler.name;
      setText(name, shown);
      setText(state, handler.state);
      setAttribute(state, "data-state", handler.state);
      setText(place, handler.destination ?? "");
      place.hidden = handler.destination === undefined;
      setText(waiting, waitingText(handler));
      setText(lag, handler.lag === undefined ? "–" : quantity(handler.lag, "s"));
      setText(delivered, quantity(handler.delivered, ""));
      showOutages(app, handler.name, strip, outages);
    },
  };
}

/** What is younger than a second is under way. */
function waitingText({ queued, spooled, behind = 0 }: HandlerStatus): string {
  const waits = queued + spooled;
  return waits === 0 || behind < 1
    ? "nothing"
    : `${quantity(waits, "")}, ${lengthText(behind)} old`;
}

/** The range as a strip, with the times of outages marked. */
function showOutages(app: App, name: string, strip: HTMLElement, words: HTMLElement): void {
  const { from, to } = boundsOf(app.range.get(), app.now());
  const own = app.outages.get().filter((outage) =>
    outage.handler === name && (outage.to ?? to) >= from && outage.from <= to
  );
  strip.replaceChildren(...own.map((outage) => {
    const start = Math.max(0, (outage.from - from) / (to - from));
    const end = Math.min(1, ((outage.to ?? to) - from) / (to - from));
    const mark = el("i", { title: outageText(app, outage) });
    mark.style.left = `${100 * start}%`;
    mark.style.width = `${100 * (end - start)}%`;
    return mark;
  }));
  const last = own.at(-1);
  const summary = last === undefined
    ? "no outage in this range"
    : `${own.length > 1 ? `${own.length} outages, the last one ` : ""}${outageText(app, last)}`;
  setAttribute(strip, "aria-label", `${name}: ${summary}`);
  setText(words, last === undefined ? "" : summary);
  words.hidden = last === undefined;
}

function outageText(app: App, { from, to, reason }: Outage): string {
  const end = to === null ? "now" : momentText(to, app.now());
  return `${momentText(from, app.now())} – ${end}: ${reason}`;
}
