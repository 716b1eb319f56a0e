import { deepEqual, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { whisperPoints } from "../../src/formats/whisper.ts";
import { whisperFile } from "../harness/whisper.ts";

describe("whisper", () => {
  const file = whisperFile([[1_700_000_000, 1.5], [1_700_000_010, 2], [1_699_990_000, 9]]);

  it("reads the points of the finest archive, by time, from a time on", () => {
    deepEqual(whisperPoints(file, 1_700_000_000), [
      { timestamp: 1_700_000_000, value: 1.5 },
      { timestamp: 1_700_000_010, value: 2 },
    ]);
  });

  it("refuses what is something else, or is cut", () => {
    const count = new Uint8Array(16);
    count.set([255, 255, 255, 255], 12);
    for (const bytes of [new Uint8Array(3), new Uint8Array(100), count, file.slice(0, 100)]) {
      throws(() => whisperPoints(bytes, 0), /header of a Whisper file|longer than the file/);
    }
  });
});
