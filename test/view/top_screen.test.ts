/** The screens of `top` as texts: `UPDATE=1` writes them again. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import type { TopModel } from "../../src/view/top/model.ts";
import { plainFrame, screen } from "../../src/view/top/screen.ts";
import { initialState, type TopState } from "../../src/view/top/state.ts";
import { glyphsFor, type Line, lineWidth, textOf } from "../../src/view/top/text.ts";
import { STATUS, topModel } from "./top_model.ts";

const LIVE = initialState({});
const UNICODE = glyphsFor(false);

function text(lines: readonly Line[]): string {
  return lines.map((line) => `${textOf(line).trimEnd()}\n`).join("");
}

function drawn(
  model: TopModel,
  change: Partial<TopState>,
  columns = 80,
  rows = 24,
  glyphs = UNICODE,
): string {
  return text(screen(model, { ...LIVE, ...change }, { columns, rows }, glyphs));
}

/** Compares with the recorded screen of a name. */
function isLike(name: string, screen: string): void {
  const file = join(import.meta.dirname!, "top_screens", `${name}.txt`);
  if (process.env.UPDATE === "1") writeFileSync(file, screen);
  equal(screen, readFileSync(file, "utf8"));
}

describe("top's screen", () => {
  const model = topModel();
  const metrics = { ...LIVE.panes.metrics, filter: "network", cursor: 1 };
  const explanation = [
    { label: "", value: "Published by CPUCollector: 26.2 at 2026-11-28 12:31:00" },
    { label: "source", value: "/proc/stat" },
    { label: "formula", value: `${"(9073950 - 9073688) / 10.0 s ".repeat(5)}= 26.2` },
  ];

  it("has header, problems, charts and the handlers at 80×24", () => {
    isLike("handlers_80x24", drawn(model, {}));
  });

  it("has the collectors, those with a problem first", () => {
    isLike("collectors_80x24", drawn(model, { pane: "collectors" }));
  });

  it("has the metrics that match, and the filter while it is typed", () => {
    const { series } = model.metrics;
    const found = series.filter(({ path }) => path.includes("network"));
    const filtered = topModel({ metrics: { total: found.length, series: found } });
    const panes = { ...LIVE.panes, metrics };
    const state = { pane: "metrics", panes } as const;
    isLike("metrics_80x24", drawn(filtered, state));
    match(drawn(filtered, { ...state, mode: "filter" }), /^ filter: network_ /m);
  });

  it("has all tables beside each other, and high charts, at 200×50", () => {
    isLike("all_200x50", drawn(model, {}, 200, 50));
  });

  it("has the same in ASCII alone", () => {
    const screen = drawn(model, { pane: "collectors" }, 80, 24, glyphsFor(true));
    isLike("ascii_80x24", screen);
    match(screen, /^[\x20-\x7e\n]*$/);
    match(drawn(model, {}, 200, 50, glyphsFor(true)), /^[\x20-\x7e\n]*$/);
  });

  it("says what time of the past it shows, and that the problems are those of now", () => {
    const end = model.now - 300;
    isLike("past_80x24", drawn(topModel({ end }), { at: end }));
  });

  it("lists the keys, and explains a row, wrapped and scrolled", () => {
    isLike("help_80x24", drawn(model, { mode: "help" }));
    const explained = { ...model, explanation };
    const state = { mode: "explain", explained: "servers.web-1.cpu.total.user" } as const;
    isLike("explain_80x24", drawn(explained, state));
    match(drawn(model, state), /asking the agent/);
  });

  it("is all that there is, without the agent's answer too", () => {
    const trouble = "no answer since 12:31:07: connection refused";
    match(drawn(topModel({ trouble }), {}), /^ ▲ no answer since 12:31:07: connection refused$/m);
    const healthy = topModel({ status: { ...STATUS, degraded: [] } });
    match(drawn(healthy, {}), /^ ● Healthy$/m);
    match(drawn(topModel({ panels: [] }), {}), /Handlers 2/);
  });

  it("fills each size to the cell, and says so where it is too small", () => {
    for (const columns of [20, 79, 80, 99, 120, 121, 159, 160, 253]) {
      for (const rows of [5, 23, 24, 30, 35, 36, 60]) {
        for (const pane of ["handlers", "collectors", "metrics"] as const) {
          const lines = screen(model, { ...LIVE, pane }, { columns, rows }, UNICODE);
          equal(lines.length, rows, `${columns}×${rows}`);
          deepEqual([...new Set(lines.map(lineWidth))], [columns], `${columns}×${rows}`);
        }
      }
    }
    match(drawn(model, {}, 60, 20), /^60x20: top needs 80x24\nq quits\n/);
  });

  it("shows names without characters that a terminal acts on, and wide ones in their cells", () => {
    const path = "servers.h.\x1b[31mred\x07.中文.x";
    const one = { path, value: 1, time: model.now, unit: "", collector: "C" };
    const hostile = topModel({
      metrics: { total: 1, series: [one] },
      status: { ...STATUS, host: "a\x1b]0;title\x07b" },
    });
    const state = { ...LIVE, pane: "metrics" } as const;
    const lines = screen(hostile, state, { columns: 80, rows: 24 }, UNICODE);
    ok(lines.every((line) => !/[\0-\x1f\x7f-\x9f]/.test(textOf(line))));
    deepEqual([...new Set(lines.map(lineWidth))], [80]);
    match(text(lines), /servers\.h\.\\x1b\[31mred\\x07\.中文\.x/);
  });

  it("keeps the chosen row in sight", () => {
    const pane = { ...LIVE.panes.metrics, cursor: 16 };
    const state = { pane: "metrics", panes: { ...LIVE.panes, metrics: pane } } as const;
    match(drawn(model, state), /^› servers\.web-1\.network\.eth0\.tx_byte/m);
    for (let cursor = 0; cursor < 12; cursor++) {
      const collectors = { ...LIVE.panes.collectors, cursor };
      const panes = { ...LIVE.panes, collectors };
      const lines = drawn(model, { pane: "collectors", panes }).split("\n").slice(11, 23);
      ok(lines.some((line) => line.startsWith("›")), `row ${cursor}`);
      ok(lines.every((line) => line !== ""), "no room is left while there are rows");
    }
  });

  it("without a terminal is all of it, one part below the other", () => {
    const frame = text(plainFrame(model, LIVE, 100, UNICODE));
    isLike("plain_100", frame);
    equal(frame.includes("›"), false);
  });
});
