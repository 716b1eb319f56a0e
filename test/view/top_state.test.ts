import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeKeys } from "../../src/view/top/keys.ts";
import { plot } from "../../src/view/top/plot.ts";
import { rowsOf } from "../../src/view/top/rows.ts";
import { Samples } from "../../src/view/top/samples.ts";
import { cursorIn, initialState, pressed, type TopState } from "../../src/view/top/state.ts";
import { parseTime } from "../../src/view/top/times.ts";
import { topModel } from "./top_model.ts";

const ROWS = ["a", "b", "c", "d", "e"];
const SHOWN = { rows: ROWS, columns: 3, page: 2, end: 10_000, now: 10_000, hasHistory: true };

/** After these keys; a name of more than one letter stands between angle brackets. */
function after(keys: string, state = initialState({}), shown: Partial<typeof SHOWN> = {}) {
  const all = keys.match(/<[^>]+>|./gu) ?? [];
  return all.reduce(
    (now: TopState, key) =>
      pressed(now, key.length > 2 ? key.slice(1, -1) : key, { ...SHOWN, ...shown }),
    state,
  );
}

function cursor(state: TopState): number {
  return cursorIn(state.panes[state.pane], ROWS);
}

describe("top's keys", () => {
  it("move the cursor within the rows", () => {
    equal(cursor(after("<down>j<up>")), 1);
    equal(cursor(after("<pagedown><pagedown><pagedown>")), 4);
    equal(cursor(after("G<pageup>")), 2);
    equal(cursor(after("<end>g<up>")), 0);
  });

  it("go from table to table", () => {
    equal(after("<tab>").pane, "collectors");
    equal(after("<backtab>").pane, "metrics");
    equal(after("2").pane, "collectors");
    equal(after("3<tab>").pane, "handlers");
  });

  it("edit a filter, which other keys leave alone", () => {
    const typed = after("3/cpq u<backspace>");
    deepEqual([typed.mode, typed.panes.metrics.filter], ["filter", "cpq "]);
    const kept = after("<enter>", typed);
    deepEqual([kept.mode, kept.panes.metrics.filter], ["table", "cpq "]);
    equal(after("<escape>", typed).panes.metrics.filter, "");
    equal(after("<ctrl-u>", typed).panes.metrics.filter, "");
    equal(after("<ctrl-c>", typed).mode, "quit");
  });

  it("sort by the next column, and the other way round", () => {
    deepEqual(after("3s").panes.metrics, { ...initialState({}).panes.metrics, sort: 1 });
    equal(after("3sss").panes.metrics.sort, 0);
    equal(after("3S").panes.metrics.isReversed, true);
  });

  it("follow a row wherever it is sorted to", () => {
    const following = after("<down>f");
    equal(cursorIn(following.panes.handlers, ["e", "d", "b"]), 2);
    equal(cursorIn(following.panes.handlers, ["e", "d"]), 1, "gone: the cursor stays in place");
    equal(cursorIn(after("f", following).panes.handlers, ["e", "d", "b"]), 1);
  });

  it("step through the history, and back to now", () => {
    equal(after("<left>").at, 9940, "a tenth of ten minutes");
    equal(after("<left><left><right>").at, 9940);
    equal(after("<left><right>").at, undefined);
    equal(after("[").at, 9400);
    equal(after("[n").at, undefined);
    equal(after("<left>", undefined, { hasHistory: false }).at, undefined);
    equal(after("<left>", initialState({ at: 5000 })).at, 4940);
  });

  it("zoom, pause, explain, help and quit", () => {
    equal(after("+").span, 300);
    equal(after("--------------").span, 7 * 86_400);
    equal(after("p").isPaused, true);
    equal(after("p ").isPaused, false);
    const explained = after("<down><enter>");
    deepEqual([explained.mode, explained.explained], ["explain", "b"]);
    equal(after("<down><escape>", explained).mode, "table");
    equal(after("?").mode, "help");
    equal(after("q").mode, "quit");
  });

  it("are known by what a terminal sends", () => {
    const sent = "a\x1b[A\x1bOB\x1b[5~\x1b[1;2C\x1b[Zé\r\x7f\x03";
    deepEqual(decodeKeys(sent), {
      keys: ["a", "up", "down", "pageup", "right", "backtab", "é", "enter", "backspace", "ctrl-c"],
      rest: "",
    });
    deepEqual(decodeKeys("\x1b["), { keys: [], rest: "\x1b[" });
    deepEqual(decodeKeys("\x1b"), { keys: [], rest: "\x1b" });
    deepEqual(decodeKeys("\x1b[99~x").keys, ["x"], "an unknown one is nothing");
  });
});

describe("top's rows", () => {
  it("begin with what is wrong, and are sorted by each column", () => {
    const model = topModel();
    const { collectors } = initialState({}).panes;
    const names = (more: Partial<typeof collectors>) =>
      rowsOf("collectors", model, { ...collectors, ...more }).map(({ name }) => name);
    equal(names({})[0], "PostgresqlCollector");
    equal(names({ sort: 0 })[0], "CPUCollector");
    equal(names({ sort: 0, isReversed: true })[0], "VMStatCollector");
    deepEqual(names({ sort: 4 }).slice(0, 2), ["PostgresqlCollector", "NginxCollector"]);
    deepEqual(names({ filter: "password" }), ["PostgresqlCollector"]);
    deepEqual(names({ filter: "{a".repeat(900) }), []);
    equal(names({}).includes("PingCollector"), false, "it is off");
  });
});

describe("times", () => {
  const now = new Date(2026, 10, 28, 12, 0, 0).getTime() / 1000;
  const local = (...parts: [number, number, number, number, number]) =>
    new Date(...parts).getTime() / 1000;
  for (
    const [text, time] of [
      ["03:12", local(2026, 10, 28, 3, 12)],
      ["23:59", local(2026, 10, 27, 23, 59)],
      ["3:12:00", local(2026, 10, 28, 3, 12)],
      ["-2h", now - 7200],
      ["-90s", now - 90],
      ["-1.5d", now - 129_600],
      ["2026-11-27 03:12", local(2026, 10, 27, 3, 12)],
      ["2026-11-27T03:12", local(2026, 10, 27, 3, 12)],
      ["2026-11-27", local(2026, 10, 27, 0, 0)],
      ["2026-11-27T03:12:00Z", Date.UTC(2026, 10, 27, 3, 12) / 1000],
      ["2026-11-27T03:12:00+01:00", Date.UTC(2026, 10, 27, 2, 12) / 1000],
      ["@1700000000", 1_700_000_000],
      ["24:00", undefined],
      ["2h", undefined],
      ["yesterday", undefined],
      ["", undefined],
    ] as const
  ) {
    it(`"${text}" is ${time === undefined ? "not one" : "one"}`, () => {
      equal(parseTime(text, now), time);
    });
  }
});

describe("a chart", () => {
  it("has the mean of each column, holds a value until the next one is due, and shows an outage", () => {
    const samples = new Samples();
    for (const time of [10, 20, 30, 40, 90, 100]) samples.add("m", time, time);
    deepEqual(samples.columns("m", 100, 100, 10), [NaN, 10, 20, 30, 40, 40, 40, NaN, NaN, 95]);
    deepEqual(samples.columns("m", 100, 100, 2), [25, 95]);
    equal(samples.at("m", 105), 100);
    equal(samples.at("m", 70), NaN);
    equal(samples.at("none", 70), NaN);
  });

  it("begins with the history, and goes on with what comes in", () => {
    const samples = new Samples();
    samples.add("m", 30, 3);
    const series = [{ path: "m", min: [], mean: [1, null, 2], max: [] }];
    samples.addRange({ start: 0, step: 10, series });
    samples.add("m", 40, 4);
    samples.add("m", 40, 5);
    deepEqual(samples.columns("m", 50, 50, 5), [1, 1, 2, 3, 4]);
  });

  it("is drawn in blocks, in braille and in ASCII, with nothing where there is no value", () => {
    deepEqual(plot([0, 4, 8, NaN, 12], 8, 1, false), ["▁▄█ █"]);
    deepEqual(plot([0, 4, 8, NaN, 8, 8], 8, 2, false), [" ⡇⣿", "⣸⡇⣿"]);
    deepEqual(plot([0, 4, 8, NaN], 8, 1, true), [".+@ "]);
    deepEqual(plot([0, 4, 8, NaN], 8, 2, true), ["  # ", ".## "]);
    deepEqual(plot([1], 0, 1, false), ["▁"]);
  });
});
