import { deepEqual, equal, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { Feed } from "../../src/cli/top/feed.ts";
import { configError } from "../../src/core/errors.ts";
import type { ControlRequest } from "../../src/ports/process.ts";
import { initialState, type TopState } from "../../src/view/top/state.ts";
import { STATUS } from "../view/top_model.ts";

const LOAD = { path: "s.h.loadavg.01", value: 2, unit: "", collector: "LoadAverageCollector" };

/** A feed from an agent with one series, and what it was asked. */
function feedOf({ hasHistory = true, status = {} } = {}) {
  const asked: ControlRequest[] = [];
  let now = STATUS.now;
  const feed = new Feed((request) => {
    asked.push(request);
    const answers: Readonly<Record<string, () => unknown>> = {
      status: () => ({ ...STATUS, now, ...status }),
      series: () => {
        if (request.match === "[") throw configError("cannot search for this");
        return { total: 1, series: request.limit === 0 ? [] : [{ ...LOAD, time: now / 1000 }] };
      },
      read: () => {
        if (!hasHistory) throw configError("this agent keeps no history");
        const path = LOAD.path;
        return { start: request.from, step: 10, series: [{ path, min: [], mean: [1], max: [] }] };
      },
    };
    return Promise.resolve().then(answers[request.ask]);
  });
  return {
    asked,
    /** The model some seconds later. */
    model(state: Partial<TopState> = {}, seconds = 0, hasMetrics = false) {
      now += 1000 * seconds;
      asked.length = 0;
      return feed.model({ state: { ...initialState({}), ...state }, now: now / 1000, hasMetrics });
    },
    kinds: () => asked.map(({ ask }) => ask).join(" "),
  };
}

describe("what top asks for", () => {
  it("is the history once, and then what comes in", async () => {
    const { model, kinds } = feedOf();
    const first = await model();
    equal(first.hasHistory, true);
    equal(first.samples.at(LOAD.path, first.now), 2);
    deepEqual(first.panels.map(({ id }) => id), ["load"]);
    await model({}, 2);
    equal(kinds(), "status series series", "the values of the charts, and the count of metrics");
    await model({ span: 60 }, 2);
    equal(kinds(), "status series read series", "another span");
  });

  it("is the past where that is shown: ranges and values", async () => {
    const { model, asked } = feedOf();
    await model();
    const { end, now } = await model({ at: STATUS.now / 1000 - 500 }, 0, true);
    equal(end, now - 500);
    deepEqual(asked.map(({ ask, to, at }) => [ask, to ?? at]), [
      ["status", undefined],
      ["read", end],
      ["series", end],
    ]);
  });

  it("is no range of an agent without a history", async () => {
    const { model, kinds } = feedOf({ hasHistory: false });
    equal((await model()).hasHistory, false);
    await model({ span: 60 }, 2);
    equal(kinds(), "status series series");
  });

  it("is nothing more while a pattern is not one yet", async () => {
    const { model } = feedOf();
    const { panes } = initialState({ filter: "[" });
    deepEqual((await model({ panes }, 0, true)).metrics, { total: 0, series: [] });
  });

  it("gives the CPU time since the start, then between two looks", async () => {
    const status = { started: STATUS.now - 100_000, cpu: 1000 };
    const { model } = feedOf({ status });
    equal((await model()).cpuPercent, 1);
    status.cpu = 1500;
    equal((await model({}, 2)).cpuPercent, 1, "too soon to say");
    equal((await model({}, 3)).cpuPercent, 10);
    Object.assign(status, { started: STATUS.now + 4000, cpu: 20 });
    equal((await model()).cpuPercent, 2, "it has started again");
  });

  it("says that an agent is older than itself", async () => {
    const { model } = feedOf({ status: { cpu: undefined } });
    await rejects(model(), /the running agent is older than this command: restart it/);
  });
});
