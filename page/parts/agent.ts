/** The agent itself: problems, each handler's ledger, each collector's time and state. */

import { lengthText } from "../../src/view/lengths.ts";
import { quantity } from "../../src/view/quantity.ts";
import type { CollectorStatus, HandlerStatus } from "../api.ts";
import type { App, Part } from "../app.ts";
import { el } from "../dom.ts";
import { momentText } from "../times.ts";
import { createProblems } from "./problems.ts";
import { type Column, createTable } from "./table.ts";

export function createAgent(app: App): Part {
  const problems = createProblems(app);
  const handlers = createTable("Handlers", handlerColumns(), app.explain);
  const collectors = createTable("Collectors", collectorColumns(app), app.explain);
  const facts = el("dl", { class: "facts" });
  const element = el(
    "div",
    { class: "agent" },
    problems.element,
    el(
      "section",
      { class: "card", "aria-label": "Handlers" },
      el("h2", {}, "Handlers"),
      handlers.element,
    ),
    el(
      "section",
      { class: "card", "aria-label": "Collectors" },
      el("h2", {}, "Collectors"),
      collectors.element,
    ),
    el("section", { class: "card", "aria-label": "Process" }, el("h2", {}, "Process"), facts),
  );
  const update = () => {
    const status = app.status.get();
    if (status === undefined) return;
    handlers.show(status.handlers);
    collectors.show(status.collectors);
    const { pid, started, rss, maxMemory, configuration, log } = status;
    const rows: readonly (readonly [string, string])[] = [
      ["Process", String(pid)],
      ["Up", lengthText(app.now() - started / 1000)],
      ["Memory", `${quantity(rss, "byte")} of at most ${quantity(maxMemory, "byte")}`],
      ...(configuration === undefined ? [] : [
        ["Configuration", configuration.file],
        ["In force since", momentText(configuration.inForceSince / 1000, app.now())],
      ] as const),
      ...(log === undefined ? [] : [["Log", log.join(", ")]] as const),
    ];
    facts.replaceChildren(
      ...rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    );
  };
  const end = app.status.follow(update);
  update();
  return {
    element,
    destroy() {
      end();
      problems.destroy?.();
    },
  };
}

function handlerColumns(): Column<HandlerStatus>[] {
  const dropped = ({ dropped: all }: HandlerStatus) =>
    Object.values(all).reduce((sum, one) => sum + one, 0);
  const count = (name: string, of: (handler: HandlerStatus) => number): Column<HandlerStatus> => ({
    name,
    isNumber: true,
    text: (handler) => quantity(of(handler), ""),
    order: of,
  });
  return [
    { name: "Handler", text: ({ name }) => name, note: ({ destination }) => destination },
    { name: "State", text: ({ state }) => state, state: ({ state }) => state },
    count("Delivered", ({ delivered }) => delivered),
    count("Unconfirmed", ({ unconfirmed }) => unconfirmed),
    count("Queued", ({ queued }) => queued),
    count("Spooled", ({ spooled }) => spooled),
    count("Dropped", dropped),
    {
      name: "Lag",
      isNumber: true,
      text: ({ lag }) => (lag === undefined ? "–" : quantity(lag, "s")),
      order: ({ lag = -1 }) => lag,
    },
    {
      name: "Error",
      text: ({ error }) => error?.message ?? "",
      note: ({ error }) => error?.advice,
    },
  ];
}

function collectorColumns(app: App): Column<CollectorStatus>[] {
  const time = (
    name: string,
    of: (collector: CollectorStatus) => number | undefined,
  ): Column<CollectorStatus> => ({
    name,
    isNumber: true,
    text: (collector) => (of(collector) === undefined ? "–" : quantity(of(collector)!, "ms")),
    order: (collector) => of(collector) ?? -1,
  });
  return [
    { name: "Collector", text: ({ name }) => name, note: ({ file }) => file },
    { name: "State", text: ({ state }) => state, state: ({ state }) => state },
    {
      name: "Every",
      isNumber: true,
      text: ({ interval }) => (interval === 0 ? "–" : lengthText(interval)),
      order: ({ interval }) => interval,
    },
    {
      name: "Last run",
      isNumber: true,
      text: ({ lastRun }) => (lastRun === 0 ? "–" : momentText(lastRun / 1000, app.now())),
      order: ({ lastRun }) => lastRun,
    },
    time("Time", ({ time }) => time?.mean),
    time("Longest", ({ time }) => time?.max),
    {
      name: "Points",
      isNumber: true,
      text: ({ points }) => quantity(points, ""),
      order: ({ points }) => points,
    },
    {
      name: "Failed",
      isNumber: true,
      text: ({ failures }) => quantity(failures, ""),
      order: ({ failures }) => failures,
    },
    {
      name: "Reason",
      text: ({ error, absent }) => error?.message ?? absent ?? "",
      note: ({ error }) => error?.advice,
    },
  ];
}
