import { deepEqual, equal, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import type { RangeQuery } from "../../src/agent/range.ts";
import type { SeriesQuery } from "../../src/agent/series.ts";
import { parseParameters } from "../../src/formats/query_string.ts";
import { apiRoutes } from "../../src/web/api.ts";
import { childrenOf } from "../../src/web/paths.ts";
import { createTurns } from "../../src/web/turns.ts";
import { createFakeClock } from "../harness/fake_clock.ts";
import { fakeContext } from "./context.ts";

async function ask(fake: ReturnType<typeof fakeContext>, path: string, query = "") {
  const answer = await apiRoutes(fake.context)[path](parseParameters(query));
  return JSON.parse(answer.body);
}

describe("the page's questions", () => {
  it("for series and ranges go to the agent, within bounds", async () => {
    const asked: (SeriesQuery | RangeQuery)[] = [];
    const note = (query: SeriesQuery | RangeQuery) => void asked.push(query);
    const fake = fakeContext([], undefined, {
      series: (query) => (note(query), { total: 0, series: [] }),
      range: (query) => (note(query), { start: 0, step: 1, series: [] }),
    });
    await ask(fake, "/api/series", "match=cpu%20user&limit=7");
    await ask(fake, "/api/read", "path=a&path=b&from=10&to=20&points=99999");
    deepEqual(asked, [
      { match: "cpu user", limit: 7 },
      { paths: ["a", "b"], from: 10, to: 20, points: 2000 },
    ]);
    await rejects(ask(fake, "/api/read", "from=x"), /from is not a number: "x"/);
    await rejects(ask(fake, "/api/read", "path=a&".repeat(201)), /at most 200 paths/);
  });

  it("for the tree know what runs and what the history holds", async () => {
    const fake = fakeContext(["s.h.cpu.user"], { paths: () => ["s.h.gone", "s.h.cpu.user"] });
    const { nodes } = await ask(fake, "/api/tree", "prefix=s.h");
    deepEqual(nodes, [
      { name: "cpu", path: "s.h.cpu", leaf: false },
      { name: "gone", path: "s.h.gone", leaf: true },
    ]);
  });

  it("for the charts of the first screen know what runs now", async () => {
    const fake = fakeContext(["s.h.loadavg.01"], { paths: () => ["s.h.loadavg.05"] });
    const [{ id, series }] = await ask(fake, "/api/overview");
    deepEqual([id, series], ["load", [{ path: "s.h.loadavg.01", label: "1 min" }]]);
  });

  it("for outages and explanations are answered", async () => {
    const outage = { handler: "A", from: 1, to: null, reason: "refused" };
    const fake = fakeContext([], undefined, { outages: () => [outage] });
    deepEqual(await ask(fake, "/api/outages"), [outage]);
    deepEqual(await ask(fake, "/api/explain", "path=a.b"), { title: "a.b" });
    deepEqual(Object.keys(await ask(fake, "/api/explain")), ["error"]);
  });
});

describe("the tree of paths", () => {
  it("has a node once, in natural order, also where a series is a folder as well", () => {
    const paths = ["a.cpu10.x", "a.cpu2", "a.cpu2.x", "a.cpu2.y", "ab.c"];
    deepEqual(childrenOf(paths, "a").map(({ name, leaf }) => [name, leaf]), [
      ["cpu2", true],
      ["cpu2", false],
      ["cpu10", false],
    ]);
    deepEqual(childrenOf(paths, "").map(({ path }) => path), ["a", "ab"]);
    deepEqual(childrenOf(paths, "a.cpu2.x"), []);
  });
});

describe("turns", () => {
  it("leave half of the time to others", async () => {
    const clock = createFakeClock();
    const inTurn = createTurns(clock);
    const ended: number[] = [];
    const work = () =>
      inTurn(async () => {
        await clock.sleep(100);
        ended.push(clock.monotonic());
      });
    void work();
    void work();
    await clock.advance(1000);
    deepEqual(ended, [100, 300]);
  });

  it("are bounded, and go on after a failure", async () => {
    const inTurn = createTurns(createFakeClock());
    const fault = inTurn(() => {
      throw new Error("a fault");
    });
    const others = Array.from({ length: 31 }, () => inTurn(() => 1));
    await rejects(inTurn(() => 1), /too many requests wait/);
    await rejects(fault, /a fault/);
    equal((await Promise.all(others)).length, 31);
    equal(await inTurn(() => 2), 2);
  });
});
