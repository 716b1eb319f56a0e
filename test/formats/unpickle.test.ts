/** Pickles as Python writes them, those that would run a program, and such as fill the memory. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import type { Metric } from "../../src/core/metric.ts";
import { FrameCutter } from "../../src/formats/frames.ts";
import { pickleFrames } from "../../src/formats/pickle.ts";
import { pickledPoints } from "../../src/formats/pickled_points.ts";
import { unpickle } from "../../src/formats/unpickle.ts";

/** Python's `pickle.dumps(points, protocol)` of 0 to 5. */
const BY_PROTOCOL = [
  "KGxwMAooVmEuYgpwMQooSTE3MDAwMDAwMDEKRjEuNQp0cDIKdHAzCmEoVmEuYwpwNAooSS0xCkkyCnRwNQp0cDYKYShWY2Fm6S5cdTIwYWMKcDcKKEYxNzAwMDAwMDAyLjkKTDEwOTk1MTE2Mjc3NzZMCnRwOAp0cDkKYShnMQooSTE3MDAwMDAwMDMKSS03CnRwMTAKdHAxMQphKFZuZWcKcDEyCihJMTcwMDAwMDAwNApMLTEwOTk1MTE2Mjc3NzZMCnRwMTMKdHAxNAphKFZ0ZXh0CnAxNQooVjE3MDAwMDAwMDUKcDE2ClYxZTMKcDE3CnRwMTgKdHAxOQphKFZ5ZXMKcDIwCihJMTcwMDAwMDAwNgpJMDEKdHAyMQp0cDIyCmEobHAyMwpWbGlzdApwMjQKYShscDI1CkkxNzAwMDAwMDA3CmFJMAphYWEu",
  "XXEAKChYAwAAAGEuYnEBKEoB8VNlRz/4AAAAAAAAdHECdHEDKFgDAAAAYS5jcQQoSv////9LAnRxBXRxBihYCQAAAGNhZsOpLuKCrHEHKEdB2VT8QLmZmkwxMDk5NTExNjI3Nzc2TAp0cQh0cQkoaAEoSgPxU2VK+f///3RxCnRxCyhYAwAAAG5lZ3EMKEoE8VNlTC0xMDk5NTExNjI3Nzc2TAp0cQ10cQ4oWAQAAAB0ZXh0cQ8oWAoAAAAxNzAwMDAwMDA1cRBYAwAAADFlM3ERdHESdHETKFgDAAAAeWVzcRQoSgbxU2VJMDEKdHEVdHEWXXEXKFgEAAAAbGlzdHEYXXEZKEoH8VNlSwBlZWUu",
  "gAJdcQAoWAMAAABhLmJxAUoB8VNlRz/4AAAAAAAAhnEChnEDWAMAAABhLmNxBEr/////SwKGcQWGcQZYCQAAAGNhZsOpLuKCrHEHR0HZVPxAuZmaigYAAAAAAAGGcQiGcQloAUoD8VNlSvn///+GcQqGcQtYAwAAAG5lZ3EMSgTxU2WKBgAAAAAA/4ZxDYZxDlgEAAAAdGV4dHEPWAoAAAAxNzAwMDAwMDA1cRBYAwAAADFlM3ERhnEShnETWAMAAAB5ZXNxFEoG8VNliIZxFYZxFl1xFyhYBAAAAGxpc3RxGF1xGShKB/FTZUsAZWVlLg==",
  "gANdcQAoWAMAAABhLmJxAUoB8VNlRz/4AAAAAAAAhnEChnEDWAMAAABhLmNxBEr/////SwKGcQWGcQZYCQAAAGNhZsOpLuKCrHEHR0HZVPxAuZmaigYAAAAAAAGGcQiGcQloAUoD8VNlSvn///+GcQqGcQtYAwAAAG5lZ3EMSgTxU2WKBgAAAAAA/4ZxDYZxDlgEAAAAdGV4dHEPWAoAAAAxNzAwMDAwMDA1cRBYAwAAADFlM3ERhnEShnETWAMAAAB5ZXNxFEoG8VNliIZxFYZxFl1xFyhYBAAAAGxpc3RxGF1xGShKB/FTZUsAZWVlLg==",
  "gASVugAAAAAAAABdlCiMA2EuYpRKAfFTZUc/+AAAAAAAAIaUhpSMA2EuY5RK/////0sChpSGlIwJY2Fmw6ku4oKslEdB2VT8QLmZmooGAAAAAAABhpSGlGgBSgPxU2VK+f///4aUhpSMA25lZ5RKBPFTZYoGAAAAAAD/hpSGlIwEdGV4dJSMCjE3MDAwMDAwMDWUjAMxZTOUhpSGlIwDeWVzlEoG8VNliIaUhpRdlCiMBGxpc3SUXZQoSgfxU2VLAGVlZS4=",
  "gAWVugAAAAAAAABdlCiMA2EuYpRKAfFTZUc/+AAAAAAAAIaUhpSMA2EuY5RK/////0sChpSGlIwJY2Fmw6ku4oKslEdB2VT8QLmZmooGAAAAAAABhpSGlGgBSgPxU2VK+f///4aUhpSMA25lZ5RKBPFTZYoGAAAAAAD/hpSGlIwEdGV4dJSMCjE3MDAwMDAwMDWUjAMxZTOUhpSGlIwDeWVzlEoG8VNliIaUhpRdlCiMBGxpc3SUXZQoSgfxU2VLAGVlZS4=",
];
/** As Python 2 writes texts that are bytes. */
const PYTHON_2 =
  "KGxwMQooUydhLmInCnAyCihJMTcwMDAwMDAwMQpGMS41CnRwMwp0cDQKYShTJ2l0XCdzXHgyZVx4YzNceGE5JwpwNQooTDE3MDAwMDAwMDJMCkkwMQp0cDYKdHA3CmEu";
/** `[("a", (1, 2)), X()]` where X's `__reduce__` is os.system, and a Decimal. */
const WITH_CALLS = [
  "KGxwMAooVmEKcDEKKEkxCkkyCnRwMgp0cDMKYWNwb3NpeApzeXN0ZW0KcDQKKFZ0b3VjaCAvdG1wL3B3bmVkCnA1CnRwNgpScDcKYS4=",
  "gAJdcQAoWAEAAABhcQFLAUsChnEChnEDY3Bvc2l4CnN5c3RlbQpxBFgQAAAAdG91Y2ggL3RtcC9wd25lZHEFhXEGUnEHZS4=",
  "gAJdcQBYAQAAAGFxAUsBY2RlY2ltYWwKRGVjaW1hbApxAlgBAAAAMXEDhXEEUnEFhnEGhnEHYS4=",
  "gASVOwAAAAAAAABdlCiMAWGUSwFLAoaUhpSMBXBvc2l4lIwGc3lzdGVtlJOUjBB0b3VjaCAvdG1wL3B3bmVklIWUUpRlLg==",
];

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const pointsOf = (bytes: Uint8Array) =>
  pickledPoints(bytes)?.map((point) => point && `${point.path} ${point.value} ${point.time}`);

describe("a pickle of points", () => {
  it("is read in every protocol", () => {
    for (const pickle of BY_PROTOCOL) {
      deepEqual(pointsOf(bytesOf(pickle)), [
        "a.b 1.5 1700000001",
        "a.c 2 undefined",
        "café.€ 1099511627776 1700000002",
        "a.b -7 1700000003",
        "neg -1099511627776 1700000004",
        "text 1000 1700000005",
        "yes 1 1700000006",
        "list 0 1700000007",
      ]);
    }
    deepEqual(pointsOf(bytesOf(PYTHON_2)), ["a.b 1.5 1700000001", "it's.é 1 1700000002"]);
  });

  it("is read as the handler writes it", () => {
    const series = { path: "x.y" } as Metric["series"];
    const stamps = [1_700_000_000, 2 ** 31];
    const sent = pickleFrames(stamps.map((timestamp) => ({ series, value: 0.5, timestamp })));
    deepEqual(pointsOf(sent.subarray(4)), ["x.y 0.5 1700000000", "x.y 0.5 2147483648"]);
  });

  it("costs an entry that is not a point itself", () => {
    const list = (entries: string) => latin1(`(l${entries}.`);
    const good = "(S'a'\n(I1\nI2\ntta";
    for (
      const bad of [
        "I1\na",
        "Na",
        "(lp0\na",
        "(S'b'\n(I1\ntta",
        "(S'b'\n(I1\nFnan\ntta",
        "(S'..'\n(I1\nI2\ntta",
        "(S'b'\n(I-5\nI2\ntta",
      ]
    ) {
      deepEqual(pointsOf(list(bad + good)), [undefined, "a 2 1"], bad);
    }
    equal(pointsOf(latin1("I1\n.")), undefined);
  });

  it("is refused where it names a class or a function, whatever the opcode", () => {
    for (const pickle of WITH_CALLS) equal(unpickle(bytesOf(pickle)), undefined);
    const data = new Set([..."()].lteaNIJKMLFGSTUVXBCpqrghj"].map((one) => one.charCodeAt(0)));
    for (
      const code of [0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x94, 0x95]
    ) data.add(code);
    for (let code = 0; code < 256; code++) {
      if (data.has(code)) continue;
      const bytes = Uint8Array.of(
        ...latin1("(lS'os'\nS'system'\n"),
        code,
        ...latin1("os\nsystem\n."),
      );
      equal(unpickle(bytes), undefined, `opcode ${code}`);
    }
  });

  it("is refused where it is broken, cut anywhere, or changed anywhere", () => {
    for (const pickle of [...BY_PROTOCOL, PYTHON_2].map(bytesOf)) {
      for (let length = 0; length < pickle.length; length++) {
        equal(unpickle(pickle.subarray(0, length)), undefined, `cut at ${length}`);
      }
      for (let at = 0; at < pickle.length; at++) {
        for (const byte of [0, 0x2e, 0x94, 0xff, 0x8d, 0x28]) {
          const changed = pickle.slice();
          changed[at] = byte;
          ok((pickledPoints(changed)?.length ?? 0) <= pickle.length);
        }
      }
    }
  });

  it("takes little memory: marks, values, memo and lengths are bounded", () => {
    for (const flood of ["(", "]", "N", ")", "(l", "]\x94"]) {
      equal(unpickle(latin1(flood.repeat(1_000_000 / flood.length))), undefined, flood);
    }
    equal(unpickle(latin1(`N${"\x94".repeat(1_000_000)}.`)), undefined);
    equal(unpickle(latin1("X\xff\xff\xff\x7fabc.")), undefined);
    equal(unpickle(latin1("\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.")), undefined);
    equal(unpickle(latin1("\x8b\xff\xff\xff\x00.")), undefined);
    equal(unpickle(latin1(`I${"9".repeat(10_000)}\n.`)), undefined);
    deepEqual(pointsOf(latin1("]\x94h\x00a.")), [undefined], "a list of itself");
  });

  it("takes little time: a long text that stands for many numbers is not read as one each time", () => {
    const [entries, size] = [40_000, 0x80000];
    for (const text of ["1", " "].map((one) => one.repeat(size))) {
      const pickle = latin1(
        `]X\x00\x00\x08\x00${text}\x94aX\x01\x00\x00\x00a\x94a(${
          "h\x01h\x00h\x00\x86\x86".repeat(entries)
        }e.`,
      );
      const points = pickledPoints(pickle);
      equal(points?.length, 2 + entries);
      ok(points?.every((point) => point === undefined));
    }
  });
});

describe("frames", () => {
  const framed = (...texts: string[]) =>
    Buffer.concat(
      texts.map((text) => Buffer.concat([Uint8Array.of(0, 0, 0, text.length), Buffer.from(text)])),
    );

  it("are cut from a stream that comes in any pieces", () => {
    const stream = new Uint8Array(framed("one", "", "two", "half").subarray(0, -2));
    for (let size = 1; size <= stream.length; size++) {
      const cutter = new FrameCutter(10);
      const found: string[] = [];
      for (let at = 0; at < stream.length; at += size) {
        ok(
          cutter.cut(
            stream.subarray(at, at + size),
            (frame) => found.push(Buffer.from(frame).toString()),
          ),
        );
      }
      deepEqual([found, cutter.held], [["one", "", "two"], 6]);
    }
  });

  it("end with one that is too long", () => {
    const cutter = new FrameCutter(3);
    const found: string[] = [];
    const take = (frame: Uint8Array) => found.push(Buffer.from(frame).toString());
    equal(cutter.cut(new Uint8Array(framed("abc", "abcd")), take), false);
    deepEqual(found, ["abc"]);
  });
});
