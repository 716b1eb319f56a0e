import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { describe, it } from "node:test";
import { codeRanges, placeOf } from "../../src/platform/memory/clean_pages.ts";

describe("the executable's own code", () => {
  it("is what is mapped of it and never written", () => {
    const maps = `00200000-03000000 r--p 00000000 08:01 42   /opt/diamond agent
03000000-05000000 r-xp 02e00000 08:01 42   /opt/diamond agent
05000000-05100000 rw-p 04e00000 08:01 42   /opt/diamond agent
05100000-05200000 r--p 04f00000 08:01 42   /opt/diamond agent
7f0000000000-7f0000200000 r-xp 00000000 08:01 43   /lib/libc.so.6
7f0000400000-7f0000600000 rwxp 00000000 00:00 0`;
    deepEqual(codeRanges(maps, "/opt/diamond agent"), [
      [0x200000n, 0x3000000n],
      [0x3000000n, 0x5000000n],
    ]);
  });

  it("has its sections where the file says", () => {
    if (process.platform !== "linux") return;
    const program = process.execPath;
    const maps = readFileSync("/proc/self/maps", "latin1");
    const [from, to] = placeOf(".text", program, maps)!;
    const inside = codeRanges(maps, program).some(([first, last]) => first <= from && to <= last);
    ok(inside && to - from > 1_000_000n && from % 4096n === 0n && to % 4096n === 0n);
    equal(placeOf(".nothing", program, maps), null);
  });
});
