import { deepEqual, equal, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { Taps } from "../../src/agent/taps.ts";
import { createFakeClock } from "../harness/fake_clock.ts";
import { metric, metrics } from "../harness/metrics.ts";

function tapped() {
  const clock = createFakeClock();
  const taps = new Taps(clock);
  /** The paths of the next answer, asked while `passes` happens. */
  async function next(query: Parameters<Taps["ask"]>[0], passes = () => {}) {
    const answer = taps.ask(query);
    passes();
    await clock.advance(5000);
    const { metrics, ...rest } = await answer;
    return { ...rest, paths: metrics.map(({ series }) => series.path) };
  }
  return { clock, taps, next };
}

describe("a tap", () => {
  it("gives the points that pass while it waits and between its questions, those that match", async () => {
    const { taps, next } = tapped();
    taps.offered([metric("a.before", 1)]);
    const pass = () => taps.offered([metric("a.x", 1), metric("b.x", 2)]);
    const first = await next({ match: "a." }, pass);
    deepEqual(first, { tap: 1, lost: 0, paths: ["a.x"] });
    pass();
    pass();
    deepEqual((await next({ tap: 1 })).paths, ["a.x", "a.x"]);
  });

  it("of a handler gives what its backend has taken, and nothing of others", async () => {
    const { taps, next } = tapped();
    const { paths } = await next({ handler: "H" }, () => {
      taps.offered([metric("offered", 1)]);
      taps.delivered("H", [metric("delivered", 1)]);
      taps.delivered("G", [metric("other", 1)]);
    });
    deepEqual(paths, ["delivered"]);
  });

  it("answers without a point after a while", async () => {
    deepEqual((await tapped().next({})).paths, []);
  });

  it("has a bounded buffer: what a slow watcher loses is counted", async () => {
    const { clock, taps, next } = tapped();
    await next({});
    taps.offered(metrics(10_500));
    const full = await next({ tap: 1 });
    deepEqual([full.paths.length, full.lost], [10_000, 500]);
    taps.offered(metrics(7));
    await clock.advance(20_000);
    taps.offered(metrics(5));
    const late = await next({ tap: 1 });
    deepEqual([late.paths.length, late.lost], [0, 12], "kept for one that does not ask");
  });

  it("that nobody asks ends, and makes room for others", async () => {
    const { clock, taps, next } = tapped();
    for (let number = 0; number < 8; number++) {
      const answer = taps.ask({});
      taps.offered([metric("m", 1)]);
      await answer;
    }
    await rejects(taps.ask({}), /8 taps are open already/);
    taps.end(3);
    equal((await next({})).tap, 9);
    await clock.advance(400_000);
    taps.offered([metric("m", 1)]);
    await rejects(taps.ask({ tap: 9 }), /this tap has ended/);
  });
});
