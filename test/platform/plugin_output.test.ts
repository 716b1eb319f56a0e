/** What a plugin's process writes: read with bounds, checked, limited in the log; a handler of it gets batches and answers. */

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { Failure, refused } from "../../src/core/errors.ts";
import type { AnyHandler, Sink } from "../../src/core/handler.ts";
import { createBatchPacker, createBatchUnpacker } from "../../src/core/handler_protocol.ts";
import { answerFrom, modulesFrom } from "../../src/core/plugin_answers.ts";
import type { Log } from "../../src/ports/log.ts";
import { guardedHandler } from "../../src/platform/plugins/guarded_handler.ts";
import { createLimitedLog } from "../../src/platform/plugins/limited_log.ts";
import { readLines } from "../../src/platform/plugins/read_lines.ts";
import { metric } from "../harness/metrics.ts";
import { silentLog } from "../harness/recorded_log.ts";

describe("lines of a plugin's process", () => {
  /** All lines that come of a text, in chunks of a size. */
  async function linesOf(text: string, chunk: number, longest = 10): Promise<string[]> {
    const stream = new PassThrough();
    const lines: string[] = [];
    readLines(stream, {
      longest: () => longest,
      take: (line, isCut) => lines.push(isCut ? `${line}…` : line),
    });
    for (let at = 0; at < text.length; at += chunk) stream.write(text.slice(at, at + chunk));
    stream.end();
    await new Promise((resolve) => stream.on("close", resolve));
    return lines;
  }

  it("are whole in whatever chunks they come; one without end is cut", async () => {
    const text = "a\n\nbc\n0123456789012\ndef\n";
    for (const chunk of [1, 2, 3, 100]) {
      deepEqual(await linesOf(text, chunk), ["a", "", "bc", "0123456789…", "def"], `${chunk}`);
    }
  });

  it("a flood leaves time for other work, and nothing is lost", async () => {
    const stream = new PassThrough({ highWaterMark: 65_536 });
    let count = 0;
    readLines(stream, {
      longest: () => 100,
      take() {
        count++;
        // As slow as a thousand lines a millisecond would be.
        const until = performance.now() + 0.05;
        while (performance.now() < until);
      },
    });
    let late = 0;
    let before = performance.now();
    const timer = setInterval(() => {
      late = Math.max(late, performance.now() - before);
      before = performance.now();
    }, 5);
    for (let wave = 0; wave < 40; wave++) {
      if (!stream.write("x\n".repeat(500))) {
        await new Promise((resolve) => stream.once("drain", resolve));
      }
    }
    while (count < 20_000) await new Promise((resolve) => setTimeout(resolve, 5));
    clearInterval(timer);
    equal(late < 500, true, `the event loop stood for ${late} ms of the second`);
  });
});

describe("answers of a plugin's process", () => {
  it("what is no answer is none", () => {
    for (const json of ["", "5", "null", "[]", "{", '"x"']) {
      equal(answerFrom(json), undefined, json);
    }
  });

  it("wrong types are left out, level and code are known ones, texts are clean", () => {
    const answer = answerFrom(JSON.stringify({
      id: "x",
      at: 5,
      emits: [5, null, ["a"], ["b", 1, { precision: "y" }, null, 7, "part"]],
      log: ["constructor", "forged\n\x1b[2J"],
      error: { code: "__proto__", message: "a\r\nb\x9b", points: ["x"], retryAfter: -1 },
    }))!;
    deepEqual([answer.id, answer.at], [undefined, undefined]);
    deepEqual(answer.emits, [["a", undefined], ["b", 1, { precision: "y" }, "part"]]);
    deepEqual(answer.log, ["info", "forged\n\\x1b[2J"]);
    deepEqual(answer.error, {
      code: undefined,
      message: "a b\\x9b",
      points: undefined,
      retryAfter: undefined,
    });
    deepEqual(answerFrom('{"emits":7}')!.emits, []);
  });

  it("plugins without a proper name are no plugins", () => {
    const good = { name: "A", doc: "" };
    const result = [null, 5, { path: "/x" }, {
      path: "/y",
      collectors: [good, { name: "a b" }, 1],
    }];
    deepEqual(modulesFrom(result).map(({ path, collectors }) => [path, collectors]), [[
      "/y",
      [good],
    ]] as never);
    deepEqual(modulesFrom({}), []);
  });
});

describe("what plugins log", () => {
  it("is so many lines a minute of each level, and then a number", () => {
    let now = 0;
    const lines: string[] = [];
    const at = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
    const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
    const limited = createLimitedLog("the plugins", () => now, 3);
    for (let count = 0; count < 1000; count++) limited.say(log, "warn", `w${count}`);
    limited.say(log, "error", "still heard");
    now = 61_000;
    limited.say(log, "warn", "again");
    deepEqual(lines, [
      "warn w0",
      "warn w1",
      "warn w2",
      "error still heard",
      "info the plugins logged 997 more lines, which are left out",
      "warn again",
    ]);
  });
});

describe("batches on their way to a handler's process", () => {
  it("are the same there, their series travel once", () => {
    const pack = createBatchPacker();
    const unpack = createBatchUnpacker();
    const batch = [metric("a.b", 1.5), metric("c.d", 2), { ...metric("e.f", 3), raw: 2n ** 63n }];
    for (const times of [1, 2]) {
      const packed = pack(batch);
      equal(packed.series.length, times === 1 ? 3 : 0);
      deepEqual(unpack(JSON.parse(JSON.stringify(packed))), batch);
    }
  });
});

describe("a handler of the operator's own in the agent", () => {
  const context = { host: {}, options: {}, log: silentLog } as never;
  const batch = [metric("a", 1), metric("b", 2)];
  const opened = (handler: Partial<AnyHandler>): Sink =>
    guardedHandler({ name: "H", doc: "", options: {}, receipt: "none", ...handler } as AnyHandler)
      .open(context);
  const write = async (sink: Sink) => await sink.write(batch, new AbortController().signal);

  it("that cannot be opened is tried again with each write", async () => {
    let tries = 0;
    const sink = opened({
      open() {
        if (++tries < 2) throw new Error("not yet");
        return { write() {}, async [Symbol.asyncDispose]() {} };
      },
    });
    await rejects(write(sink), /not yet/);
    await write(sink);
    for (const nothing of [null, undefined, {}, Promise.resolve({})]) {
      await rejects(write(opened({ open: () => nothing as never })), /returns nothing that has/);
    }
  });

  it("changes copies, and names the points of the batch", async () => {
    const sink = opened({
      open: () => ({
        write(own) {
          (own as unknown[]).length = 2;
          (own[0] as { value: number }).value = NaN;
          (own[0].series as { path: string }).path = "hacked";
          throw Object.assign(refused("no"), { points: [own[1]] });
        },
        async [Symbol.asyncDispose]() {},
      }),
    });
    await rejects(write(sink), (error) => {
      equal(error instanceof Failure && (error.points as unknown[])[0] === batch[1], true);
      return true;
    });
    deepEqual([batch.length, batch[0].value, batch[0].series.path], [2, 1, "a"]);
    await sink[Symbol.asyncDispose]();
  });

  it("that throws null says so", async () => {
    const sink = opened({
      open: () => ({
        write() {
          throw null;
        },
      } as unknown as Sink),
    });
    await rejects(write(sink), (error) => {
      match((error as Error).message, /throws null/);
      return true;
    });
  });
});
