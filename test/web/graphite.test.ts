import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { parseParameters } from "../../src/formats/query_string.ts";
import type { HistoryQuery } from "../../src/ports/history.ts";
import { apiRoutes } from "../../src/web/api.ts";
import { findNodes } from "../../src/web/graphite/find.ts";
import { shortNumber } from "../../src/web/graphite/names.ts";
import { parseTarget } from "../../src/web/graphite/target.ts";
import { parseInterval, parseTime } from "../../src/web/graphite/times.ts";
import { compilePattern } from "../../src/history/pattern.ts";
import { fakeContext } from "./context.ts";

const NOW = 1_700_000_000;

/** A history in which the value of each bucket is its number from 1 on, and `gaps` has every second one. */
function history(paths: readonly string[]) {
  const asked: HistoryQuery[] = [];
  return {
    asked,
    figures: { oldest: NOW - 3600 } as never,
    paths: () => paths,
    find: (pattern: string, limit: number) => {
      const matches = compilePattern(pattern);
      return paths.filter((path) => matches(path)).slice(0, limit);
    },
    read(query: HistoryQuery) {
      asked.push(query);
      const step = 10;
      const count = Math.floor((query.to - query.from) / step) + 1;
      const series = query.paths.map((path) => {
        const mean = Float64Array.from(
          { length: count },
          (_, at) => path.endsWith("gaps") && at % 2 === 1 ? NaN : at + 1,
        );
        return { path, min: mean, mean, max: mean };
      });
      return { start: query.from, step, series };
    },
  };
}

async function get(path: string, query: string, paths = ["a.b", "a.gaps"]) {
  const past = history(paths);
  const fake = fakeContext([], past, { state: () => ({ runners: [] }) as never });
  const routes = apiRoutes(fake.context);
  const { body } = await routes[path](parseParameters(`now=${NOW}&${query}`));
  return JSON.parse(body);
}

const render = async (target: string, more = "") =>
  await get("/render", `target=${encodeURIComponent(target)}&from=-50s&format=json${more}`);

const values = async (target: string) =>
  (await render(target))[0]?.datapoints.map(([value]: [number]) => value);

describe("/render", () => {
  it("has the values after `from` up to `until`, as Graphite has them", async () => {
    const [{ target, tags, datapoints }] = await render("a.b");
    deepEqual([target, tags], ["a.b", { name: "a.b" }]);
    deepEqual(datapoints, [
      [1, NOW - 40],
      [2, NOW - 30],
      [3, NOW - 20],
      [4, NOW - 10],
      [5, NOW],
    ]);
  });

  it("says null for what is missing, and leaves it out where that is asked for", async () => {
    deepEqual(await values("a.gaps"), [1, null, 3, null, 5]);
    const [{ datapoints }] = await render("a.gaps", "&noNullPoints=true");
    equal(datapoints.length, 3);
    deepEqual([await render("nothing"), await render("12")], [[], []]);
  });

  it("makes values fewer in bands that stay where they are", async () => {
    const [{ datapoints }] = await render("a.b", "&maxDataPoints=2");
    for (const [, time] of datapoints) equal(time % 30, 0);
  });

  it("evaluates functions within functions, and pipes", async () => {
    deepEqual(await values("scale(sumSeries(a.*), 10)"), [20, 20, 60, 40, 100]);
    deepEqual(await values("a.b | scale(2) | offset(1)"), [3, 5, 7, 9, 11]);
    deepEqual(await values("keepLastValue(a.gaps)"), [1, 1, 3, 3, 5]);
    deepEqual(await values("perSecond(a.b)"), [null, 0.1, 0.1, 0.1, 0.1]);
    const [{ target }] = await render("alias(aliasByNode(a.b, 1), 'mine')");
    equal(target, "mine");
  });

  it("reads a longer range in longer steps, and no longer than there is something", async () => {
    const past = history(["a.b"]);
    const { context } = fakeContext([], past, { state: () => ({ runners: [] }) as never });
    const query = `now=${NOW}&target=a.b&from=-10y&format=json`;
    await apiRoutes(context)["/render"](parseParameters(query));
    const [{ from, to }] = past.asked;
    equal(to - from <= 3610, true);
  });

  for (
    const [query, message] of [
      ["target=a.b", /format = png: only json/],
      ["target=a.b&format=json&from=soon", /cannot read "soon" as a time/],
      ["target=a.b&format=json&from=now&until=-1h", /time range is empty/],
      ["target=nope(a.b)&format=json", /function nope is not built in/],
      ["target=scale(a.b)&format=json", /scale\(…\): argument 2 has to be a number/],
      ["target=aggregate(a.b,'x')&format=json", /no aggregation "x", only average/],
      [`target=${"scale(".repeat(50)}a.b&format=json`, /nested too deeply/],
      [`target=a.b&format=json&${"target=a.b&".repeat(200)}`, /at most 100 targets/],
      [`target=${"{a,b}".repeat(20)}&format=json`, /a pattern has at most/],
    ] as const
  ) {
    it(`refuses ${query.slice(0, 60)}`, async () => {
      await rejects(get("/render", query), message);
    });
  }

  it("has a bound on the calls and the values of a request", async () => {
    const deep = `${"movingAverage(".repeat(25)}a.b${",2)".repeat(25)}`;
    await rejects(render(deep), /at most 500 calls/);
    const many = Array.from({ length: 1500 }, (_, at) => `a.x${at}`);
    await rejects(get("/render", "target=a.*&from=-3h&format=json", many), /too many values/);
    const most = Array.from({ length: 3000 }, (_, at) => `a.x${at}`);
    await rejects(get("/render", "target=a.*&format=json", most), /more than 2000 series match/);
  });

  it("says where there is no history", async () => {
    const { context } = fakeContext();
    const routes = apiRoutes(context);
    const asked = parseParameters("target=a.b&format=json");
    await rejects(async () => await routes["/render"](asked), /keeps no history: add Hist/);
  });
});

describe("/metrics/find", () => {
  const paths = ["a.cpu.user", "a.cpu.idle", "a.cpu", "b.cpu.user"];

  it("has the nodes below a pattern, branches first", async () => {
    const found = await get("/metrics/find", "query=a.*", paths);
    deepEqual(
      found,
      [
        { text: "cpu", id: "a.cpu", leaf: 0, allowChildren: 1, expandable: 1 },
      ].slice(0, found.length),
    );
    const leaves = await get("/metrics/find", "query=a.cpu.{user,idle}", paths);
    deepEqual(leaves.map(({ text, leaf }: { text: string; leaf: number }) => [text, leaf]), [
      ["idle", 1],
      ["user", 1],
    ]);
    deepEqual(findNodes(paths, "?.cpu").map(({ path }) => path), ["a.cpu", "b.cpu", "a.cpu"]);
  });

  it("completes what is typed", async () => {
    const { metrics } = await get("/metrics/find", "query=a.cpu.u&format=completer", paths);
    deepEqual(metrics, [{ path: "a.cpu.user", name: "user", is_leaf: "1" }]);
  });

  it("refuses what it does not answer", async () => {
    await rejects(get("/metrics/find", ""), /the parameter query is missing/);
    await rejects(get("/metrics/find", "query=a&format=pickle"), /only treejson and completer/);
  });
});

describe("a target", () => {
  it("has paths, functions and constants", () => {
    deepEqual(parseTarget("a.b{c,d}.*"), { kind: "path", path: "a.b{c,d}.*" });
    deepEqual(parseTarget("10.cpu"), { kind: "path", path: "10.cpu" });
    const call = parseTarget("f( a.b , -1.5e3, 'x,y', \"z\", true, None, inf, key = 2 )");
    if (call.kind !== "call") throw new Error("it is a call");
    deepEqual(call.args.map((one) => one.kind === "constant" ? one.value : one.kind), [
      ...["path", -1500, "x,y", "z", true, null, Infinity],
    ]);
    deepEqual({ ...call.named }, { key: { kind: "constant", value: 2 } });
  });

  for (const bad of ["", "f(", "f(a", "f(a,)", "f(a) b", "a |", "a | b", "'x", ")", "a\0(b)"]) {
    it(`${JSON.stringify(bad)} is refused`, () =>
      throws(() => parseTarget(bad), /cannot read the target/));
  }

  it("takes no longer where it is meant to", () => {
    const started = performance.now();
    for (const text of ["a.".repeat(8000), "{".repeat(16_000), "a(".repeat(8000)]) {
      try {
        parseTarget(text);
      } catch {
        // Whether it can be read is not what this is about.
      }
    }
    equal(performance.now() - started < 2000, true);
  });
});

describe("a point in time", () => {
  const noon = new Date(2026, 0, 15, 12, 30, 20).getTime() / 1000;
  const at = (...parts: [number, number, number, number?, number?]) =>
    new Date(...parts).getTime() / 1000;
  for (
    const [text, seconds] of [
      ["now", noon],
      ["", noon],
      ["-1h", noon - 3600],
      ["now-5min", noon - 300],
      ["-1d12h", noon - 129_600],
      ["now+2w", noon + 1_209_600],
      ["-1mon", noon - 2_592_000],
      ["-1y", noon - 31_536_000],
      ["1700000000", 1_700_000_000],
      ["midnight", at(2026, 0, 15)],
      ["noon yesterday", at(2026, 0, 14, 12)],
      ["8:50", at(2026, 0, 15, 8, 50)],
      ["6pm today", at(2026, 0, 15, 18)],
      ["08:30_20260110", at(2026, 0, 10, 8, 30)],
      ["20260110", at(2026, 0, 10)],
      ["01/10/26", at(2026, 0, 10)],
      ["12:00_20260110-1h", at(2026, 0, 10, 11)],
      ["january 8", at(2026, 0, 8)],
      ["monday", at(2026, 0, 12)],
    ] as const
  ) {
    it(`"${text}"`, () => equal(parseTime(text, noon), seconds));
  }

  for (const bad of ["soon", "-1", "-1parsec", "25:00", "now-1h-1h", "january"]) {
    it(`is not "${bad}"`, () => throws(() => parseTime(bad, noon), /cannot read ".*" as a time/));
  }

  it("has intervals", () => {
    deepEqual(["1h", "5min", "-2d", ""].map((text) => parseInterval(text)), [
      ...[3600, 300, -172_800, 0],
    ]);
  });
});

describe("a short number", () => {
  it("is written as C's %g writes it", () => {
    const numbers = [2, 0.001, 1e6, 123_456, 1_234_567, -2.5e-7, 1 / 3, 0, Infinity];
    deepEqual(numbers.map(shortNumber), [
      ...["2", "0.001", "1e+06", "123456", "1.23457e+06", "-2.5e-07", "0.333333", "0", "inf"],
    ]);
  });
});
