import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { decodeBlock, encodeBlock } from "../../src/history/block.ts";
import { createHistory } from "../../src/history/history.ts";
import { compilePattern } from "../../src/history/pattern.ts";
import type { Metric } from "../../src/core/metric.ts";
import { openHistoryFile } from "../../src/platform/history/history_file.ts";
import { openDatabase } from "../../src/platform/runtime/sqlite.ts";
import { recordedLog } from "../harness/recorded_log.ts";

const folder = mkdtempSync(join(tmpdir(), "diamond-history-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const START = 1_700_000_400;

function metric(path: string, value: number, timestamp: number, precision = 0): Metric {
  return { series: { path, precision } as Metric["series"], value, timestamp };
}

/** A history whose clock is that of its points. */
function historyIn(name: string, { maxBytes = 64e6, maxAge = 30 * 86_400 } = {}) {
  const path = join(folder, name);
  const log = recordedLog();
  const clock = { seconds: START };
  const history = createHistory({
    file: openHistoryFile(path, log),
    maxBytes,
    maxAge,
    now: () => clock.seconds,
    damaged: () => {},
  });
  const write = (seconds: number, batch: readonly Metric[]) => {
    clock.seconds = seconds;
    history.write(batch);
  };
  return { path, history, write, clock, log };
}

describe("a block", () => {
  it("gives back each value with the decimals that it was published with", () => {
    const times = Float64Array.of(10, 20, 30);
    const columns = [
      { series: 1, precision: 0, values: Float64Array.of(5, NaN, -7) },
      { series: 4, precision: 2, values: Float64Array.of(0.25, 1e9 + 0.5, 3) },
      { series: 9, precision: 2, values: Float64Array.of(1e300, -1e-300, Infinity) },
    ];
    const decoded = decodeBlock(encodeBlock(times, columns), () => true);
    deepEqual(decoded.times, times);
    const plain = (all: readonly { values: Float64Array }[]) =>
      all.map(({ values }) => [...values]);
    deepEqual(plain(decoded.columns), plain(columns));
    equal(decodeBlock(encodeBlock(times, columns), (one) => one === 4).columns.length, 1);
  });

  it("that was cut short throws, at each length", () => {
    const data = encodeBlock(Float64Array.of(10, 20), [
      { series: 1, precision: 1, values: Float64Array.of(1.5, 2.5) },
    ]);
    for (let length = 0; length < data.length; length++) {
      throws(() => decodeBlock(data.subarray(0, length), () => true), RangeError);
    }
  });
});

describe("a pattern", () => {
  const cases: [pattern: string, path: string, matches: boolean][] = [
    ["servers.*.cpu", "servers.web1.cpu", true],
    ["servers.*", "servers.web1.cpu", false],
    ["servers.web?.cpu", "servers.web1.cpu", true],
    ["servers.web[1-3].cpu", "servers.web2.cpu", true],
    ["servers.web[13].cpu", "servers.web2.cpu", false],
    ["servers.{web1,db*}.cpu", "servers.db7.cpu", true],
    ["{a.b,c}.d", "a.b.d", true],
    ["a.*b*c", "a.xbxbxc", true],
    ["a.*b*c", "a.xbxbx", false],
    ["a+b.(c)", "a+b.(c)", true],
  ];
  for (const [pattern, path, matches] of cases) {
    it(`${pattern} ${matches ? "takes" : "does not take"} ${path}`, () =>
      equal(compilePattern(pattern)(path), matches));
  }

  it("is refused where it is too large to be meant, and never slow", () => {
    throws(() => compilePattern("{a,b}".repeat(20)), RangeError);
    throws(() => compilePattern("a".repeat(2000)), RangeError);
    equal(compilePattern("*a".repeat(400))("a".repeat(2000) + "b"), false);
  });
});

describe("the history", () => {
  it("answers with what was written, from memory, from the file, and after a restart", () => {
    const { history, write, path } = historyIn("restart");
    for (let second = 0; second < 600; second += 10) {
      write(START + second, [
        metric("a.x", second, START + second),
        metric("a.y", 1, START + second),
      ]);
    }
    const query = { paths: ["a.x"], from: START, to: START + 590, maxPoints: 60 };
    const before = history.read(query);
    equal(before.step, 10);
    deepEqual([...before.series[0].mean], Array.from({ length: 60 }, (_, at) => at * 10));
    deepEqual(history.find("a.*", 10), ["a.x", "a.y"]);
    history.close();
    const again = createHistory({
      file: openHistoryFile(path, recordedLog()),
      maxBytes: 1e9,
      maxAge: 1e9,
      now: () => START + 600,
      damaged: () => {},
    });
    deepEqual(again.read(query), before);
    equal(again.figures.points, 120);
    again.close();
  });

  it("keeps the least, the mean and the largest value of each bucket of a long time", () => {
    const { history, write } = historyIn("long");
    for (let second = 0; second < 3 * 86_400; second += 60) {
      write(START + second, [metric("m", second % 600 === 0 ? 100 : 10, START + second, 1)]);
    }
    const { step, series: [m] } = history.read({
      paths: ["m"],
      from: START,
      to: START + 3 * 86_400 - 1,
      maxPoints: 72,
    });
    equal(step, 3600);
    deepEqual([m.min[10], m.max[10], Math.round(m.mean[10] * 10) / 10], [10, 100, 19]);
    history.close();
  });

  it("loses at most the last minute to a kill", () => {
    const { write, path } = historyIn("killed");
    for (let second = 0; second <= 300; second++) {
      write(START + second, [metric("k", second, START + second)]);
    }
    const copy = openHistoryFile(path, recordedLog());
    ok(copy.points >= 240, `${copy.points}`);
    copy.close();
  });

  it("takes steps of the clock, backwards and forwards", () => {
    const { history, write } = historyIn("steps");
    for (const second of [0, 10, -500, -490, 7200, 20]) {
      write(START + second, [metric("s", second, START + second)]);
    }
    const { series: [s] } = history.read({
      paths: ["s"],
      from: START - 500,
      to: START + 7200,
      maxPoints: 800,
    });
    equal([...s.mean].filter((value) => !Number.isNaN(value)).length, 6);
    history.close();
  });

  it("skips a damaged block, and says so", () => {
    const { history, write, path } = historyIn("flipped");
    for (let second = 0; second < 300; second += 10) {
      write(START + second, [metric("f", second, START + second)]);
    }
    const db = openDatabase(path);
    const { id, data } = db.prepare("SELECT id, data FROM block LIMIT 1").get() as {
      id: number;
      data: Uint8Array;
    };
    data[data.length >> 1] ^= 4;
    db.prepare("UPDATE block SET data = ? WHERE id = ?").run(data, id);
    db.close();
    const { series: [f] } = history.read({
      paths: ["f"],
      from: START,
      to: START + 300,
      maxPoints: 30,
    });
    equal(history.figures.damaged, 1);
    ok([...f.mean].filter((value) => !Number.isNaN(value)).length > 15);
    history.close();
  });

  it("puts a file aside that is not a database", () => {
    const path = join(folder, "garbage");
    writeFileSync(path, "x".repeat(10_000));
    const log = recordedLog();
    openHistoryFile(path, log).close();
    ok(log.lines.some((line) => /is damaged/.test(line)), log.lines.join());
  });

  it("keeps its bounds of bytes and age, and forgets series that are gone", () => {
    const { history, write } = historyIn("bounds", { maxBytes: 300_000, maxAge: 86_400 });
    let random = 1;
    for (let second = 0; second < 2 * 86_400; second += 60) {
      const batch = Array.from({ length: 40 }, (_, at) => {
        random = (random * 16_807) % 2_147_483_647;
        return metric(`b.${Math.floor(second / 43_200)}.${at}`, random, START + second);
      });
      write(START + second, batch);
    }
    const { bytes, oldest, series } = history.figures;
    ok(bytes <= 330_000, `${bytes} bytes`);
    ok(oldest! >= START + 86_400 - 7200, `${oldest! - START}`);
    ok(series <= 120, `${series} series`);
    history.close();
  });

  it("refuses a query whose answer would be too large", () => {
    const { history, write } = historyIn("large");
    write(START, Array.from({ length: 1000 }, (_, at) => metric(`q.${at}`, 1, START)));
    const paths = history.find("q.*", 1000);
    throws(() => history.read({ paths, from: 0, to: START, maxPoints: 1e9 }), RangeError);
    history.close();
  });
});

describe("HistoryHandler", () => {
  it("keeps what it is given, for all that read the same file", async () => {
    const { default: handler } = await import("../../src/handlers/history.ts");
    const { realHistories } = await import("../../src/platform/history/histories.ts");
    const path = join(folder, "handler.db");
    const sink = handler.open({
      host: { histories: realHistories },
      options: { path, max_bytes: 1e7, max_days: 1 },
      log: recordedLog(),
    } as never);
    const now = Math.floor(Date.now() / 1000);
    await sink.write([metric("h.x", 7, now)], AbortSignal.timeout(1000));
    const current = realHistories.current()!;
    deepEqual([
      ...current.read({ paths: ["h.x"], from: now, to: now, maxPoints: 1 }).series[0].mean,
    ], [7]);
    await sink[Symbol.asyncDispose]();
    equal(realHistories.current(), undefined);
  });

  it("is there for the page once those that are being opened are open", async () => {
    const { realHistories } = await import("../../src/platform/history/histories.ts");
    const settings = { path: join(folder, "opened.db"), maxBytes: 1e7, maxAge: 86_400 };
    const opening = realHistories.open(settings, recordedLog());
    equal(realHistories.current(), undefined);
    await realHistories.opened();
    ok(realHistories.current() !== undefined);
    (await opening)[Symbol.dispose]();
    const failing = realHistories.open({ ...settings, path: folder }, recordedLog());
    failing.catch(() => {});
    await realHistories.opened();
    equal(realHistories.current(), undefined);
  });
});
