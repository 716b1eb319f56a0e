/** The bar at the top: host, health, cost, views, range, connection, theme, help. */

import { lengthText } from "../../src/view/lengths.ts";
import { quantity } from "../../src/view/quantity.ts";
import type { Status } from "../api.ts";
import type { App, Part } from "../app.ts";
import { el, icon, setAttribute, setText } from "../dom.ts";
import type { Connection } from "../live.ts";
import type { ViewName } from "../place.ts";
import { boundsOf, liveRange, SPANS } from "../range.ts";
import { switchTheme, theme } from "../theme.ts";
import { clockText } from "../../src/view/top/times.ts";
import { rangeWords } from "../times.ts";
import { viewLink } from "./view_link.ts";
import { createCost } from "../health.ts";

export const VIEWS: readonly (readonly [ViewName, string])[] = [
  ["overview", "Overview"],
  ["metrics", "Metrics"],
  ["agent", "Agent"],
];

const MOON = "M13.4 10.2A6 6 0 0 1 5.8 2.6a6 6 0 1 0 7.6 7.6z";
const SUN =
  "M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM7.4 1h1.2v2H7.4zM7.4 13h1.2v2H7.4zM1 7.4h2v1.2H1zM13 7.4h2v1.2h-2z";

export function createTopbar(app: App, search: HTMLElement, help: () => void): Part {
  const { headline, update } = createHeadline(app);
  const element = el(
    "header",
    { class: "topbar" },
    headline,
    createViews(app),
    search,
    el("div", { class: "controls" }, createConnection(app), createRanges(app), createButtons(help)),
  );
  app.status.follow(update);
  return { element };
}

function createHeadline(app: App) {
  const cost = createCost();
  const host = el("h1", {}, "…");
  const health = viewLink(app, "agent", "", "health");
  const about = el("p", { class: "about" });
  const headline = el(
    "div",
    { class: "headline" },
    el("div", { class: "who" }, host, health),
    about,
  );
  const update = (status: Status | undefined) => {
    if (status === undefined) return;
    const { host: name, version = "", degraded, now, started, rss } = status;
    const isHealthy = degraded.length === 0;
    setText(host, name);
    document.title = `${isHealthy ? "" : "▲ "}${name} – diamond-agent`;
    setText(health, isHealthy ? "Healthy" : "Degraded");
    setAttribute(health, "data-state", isHealthy ? "ok" : "failing");
    setAttribute(health, "title", isHealthy ? "All that is enabled works" : degraded.join("; "));
    const up = `up ${lengthText((now - started) / 1000)}`;
    const agent = `diamond-agent ${version}`.trim();
    setText(about, [agent, up, cost(status), `${quantity(rss, "byte")} memory`].join("  ·  "));
  };
  update(app.status.get());
  return { headline, update };
}

function createViews(app: App): HTMLElement {
  const links = VIEWS.map(([view, label]) => {
    return { view, link: viewLink(app, view, label) };
  });
  const update = () => {
    for (const { view, link } of links) {
      setAttribute(link, "aria-current", view === app.place.get().view ? "page" : undefined);
    }
  };
  app.place.follow(update);
  update();
  return el("nav", { class: "views", "aria-label": "Views" }, ...links.map(({ link }) => link));
}

function createRanges(app: App): HTMLElement {
  const buttons = SPANS.map(([label, name, seconds]) => ({
    seconds,
    button: el("button", {
      "aria-label": `${label}: ${name.toLowerCase()}`,
      title: name,
      onclick: () => app.range.set({ kind: "live", seconds }),
    }, label),
  }));
  const fixed = el("span", { class: "fixed-range" });
  const back = el("button", {
    class: "back",
    title: "Back to live (Esc)",
    onclick: () => app.range.set(liveRange),
  }, "Back to live");
  const chosen = el("span", { class: "chosen" }, fixed, back);
  const update = () => {
    const range = app.range.get();
    for (const { seconds, button } of buttons) {
      setAttribute(
        button,
        "aria-pressed",
        range.kind === "live" && range.seconds === seconds ? "true" : "false",
      );
    }
    chosen.hidden = range.kind === "live";
    const { from, to } = boundsOf(range, app.now());
    setText(fixed, range.kind === "live" ? "" : rangeWords(from, to, app.now()));
  };
  app.range.follow(update);
  update();
  return el(
    "div",
    { class: "ranges" },
    chosen,
    el(
      "div",
      { class: "segments", role: "group", "aria-label": "Range" },
      ...buttons.map(({ button }) => button),
    ),
  );
}

function createConnection(app: App): HTMLElement {
  const text = el("span", {});
  const element = el(
    "div",
    { class: "connection", role: "status", "aria-live": "polite" },
    el("i", { class: "dot" }),
    text,
  );
  const update = () => {
    const connection = app.live.connection.get();
    setAttribute(
      element,
      "data-state",
      connection.state === "live" && app.range.get().kind === "fixed" ? "still" : connection.state,
    );
    setText(text, connectionText(connection, app.range.get().kind === "fixed"));
  };
  app.live.connection.follow(update);
  app.range.follow(update);
  update();
  return element;
}

function connectionText(connection: Connection, isFixed: boolean): string {
  if (connection.state === "lost") {
    return `Connection lost since ${clockText(connection.since / 1000)}`;
  }
  if (connection.state === "connecting") return "Connecting";
  if (connection.state === "paused") return "Paused";
  return isFixed ? "Past" : "Live";
}

function createButtons(help: () => void): HTMLElement {
  const turn = el("button", { class: "round", onclick: switchTheme });
  const update = () => {
    const isDark = theme.get() === "dark";
    turn.replaceChildren(icon(isDark ? SUN : MOON));
    const words = isDark ? "Light colours" : "Dark colours";
    setAttribute(turn, "aria-label", words);
    setAttribute(turn, "title", `${words} (t)`);
  };
  theme.follow(update);
  update();
  const ask = el("button", {
    class: "round",
    "aria-label": "Help",
    title: "Keys (?)",
    onclick: help,
  }, "?");
  return el("div", { class: "buttons" }, turn, ask);
}
