import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { Outages } from "../../src/agent/outages.ts";
import { readState } from "../../src/agent/state.ts";
import type { Host } from "../../src/ports/host.ts";
import { createFakeClock } from "../harness/fake_clock.ts";
import { recordedLog } from "../harness/recorded_log.ts";

const START = 1_700_000_000;

function watched() {
  const clock = createFakeClock(START * 1000);
  const worker = { name: "GraphiteHandler", trouble: undefined as ReturnType<typeof refused> };
  const outages = new Outages();
  return { clock, worker, outages, look: () => outages.look([worker], clock) };
}

function refused(first: number) {
  const times = { first: first * 1000, last: first * 1000, count: 1 };
  return { message: "connection refused", code: undefined, ...times } as
    | { message: string; code: undefined; first: number; last: number; count: number }
    | undefined;
}

describe("the outages of handlers", () => {
  it("begin with the first failure and end with the delivery", async () => {
    const { clock, worker, outages, look } = watched();
    look();
    worker.trouble = refused(START - 5);
    look();
    look();
    const one = { handler: "GraphiteHandler", from: START - 5, reason: "connection refused" };
    deepEqual(outages.all(), [{ ...one, to: null }]);
    await clock.advance(60_000);
    worker.trouble = undefined;
    look();
    deepEqual(outages.all(), [{ ...one, to: START + 60 }]);
    equal(outages.between(START + 61, START + 90).length, 0);
    equal(outages.between(START + 60, START + 90).length, 1);
    equal(outages.between(START - 90, START - 6).length, 0);
  });

  it("end when a reload takes the handler away", () => {
    const { clock, worker, outages, look } = watched();
    worker.trouble = refused(START);
    look();
    outages.look([], clock);
    equal(outages.all()[0].to, START);
  });

  it("are bounded: the oldest go", () => {
    const { worker, outages, look } = watched();
    for (let at = 0; at < 500; at++) {
      worker.trouble = refused(START + at);
      look();
      worker.trouble = undefined;
      look();
    }
    equal(outages.all().length, 200);
    equal(outages.all()[0].from, START + 300);
  });

  it("are kept over a restart; one that was open has lasted until the state was kept", () => {
    const { worker, outages, look } = watched();
    worker.trouble = refused(START);
    look();
    const saved = JSON.parse(JSON.stringify(outages.all()));
    deepEqual(new Outages(saved, (START + 30) * 1000).all(), [{ ...saved[0], to: START + 30 }]);
  });

  it("that are damaged in the state are not taken over", () => {
    const log = recordedLog();
    const text = JSON.stringify({
      ...{ format: 1, boot: "", view: "", kept: 1, clean: true, handlers: {}, collectors: {} },
      outages: [{ handler: "a", from: "now", to: null, reason: "" }],
    });
    const store = { path: "state.json", read: () => text, write() {} };
    equal(readState(store, "", {} as Host, log).outages, undefined);
    equal(log.lines.some((line) => line.includes("its outages are damaged")), true);
  });
});
