import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { createEvents } from "../../src/web/events.ts";
import { fakeContext, metric } from "./context.ts";

function opened(...viewers: readonly string[][]) {
  const fake = fakeContext();
  const events = createEvents(fake.context.agent, fake.clock);
  const sent = viewers.map(() => [] as { name: string; data: Record<string, unknown> }[]);
  const ends = viewers.map((paths, at) =>
    events.open(paths)({
      send(text) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(text) ?? [];
        sent[at].push({ name, data: JSON.parse(data) });
      },
    })
  );
  const points = (at: number) =>
    sent[at].filter(({ name }) => name === "points").map(({ data }) => data);
  const statuses = (at: number) => sent[at].filter(({ name }) => name === "status").length;
  return { ...fake, ends, points, statuses };
}

describe("the events of the page", () => {
  it("bring the points of the series that a viewer shows, with the decimals of handlers", async () => {
    const { taps, clock, points } = opened(["a", "b"], ["b"], []);
    await clock.runDue();
    taps.offered([metric("a", 1.2345, 10), metric("c", 9, 10)]);
    taps.offered([metric("b", 2, 10)]);
    await clock.advance(1000);
    taps.offered([metric("a", 3, 20)]);
    await clock.advance(1000);
    deepEqual(points(0), [
      { time: 10, values: { a: 1.23, b: 2 } },
      { time: 20, values: { a: 3 } },
    ]);
    deepEqual(points(1), [{ time: 10, values: { b: 2 } }]);
    deepEqual(points(2), []);
  });

  it("bring the status at once, then where it is another one, at most every five seconds", async () => {
    const { clock, statuses, counts } = opened([]);
    await clock.runDue();
    equal(statuses(0), 1);
    await clock.advance(20_000);
    equal(statuses(0), 2, "the loop's first one");
    for (let at = 0; at < 10; at++) {
      counts.status++;
      await clock.advance(1000);
    }
    equal(statuses(0), 4);
  });

  it("cost nothing once the last viewer has gone", async () => {
    const { taps, clock, ends, points } = opened(["a"]);
    await clock.runDue();
    for (const end of ends) end();
    await clock.advance(10_000);
    equal(clock.sleepers, 0);
    taps.offered([metric("a", 1, 10)]);
    await clock.advance(10_000);
    deepEqual(points(0), []);
    equal(clock.sleepers, 0);
  });
});
