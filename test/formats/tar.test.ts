import { equal, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { tar } from "../../src/formats/tar.ts";

function text(bytes: Uint8Array, from: number, to: number): string {
  return new TextDecoder().decode(bytes.slice(from, to)).replace(/\0.*$/, "");
}

describe("tar", () => {
  it("writes a header with a checksum, whole blocks, and two empty ones at the end", () => {
    const pieces = [
      ...tar([{ path: "a/b.txt", bytes: new Uint8Array(700).fill(65), modified: 1e9 }]),
    ];
    const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    equal(all.length, 512 + 1024 + 1024);
    equal(text(all, 0, 100), "a/b.txt");
    equal(text(all, 100, 108), "0000600");
    equal(Number.parseInt(text(all, 124, 136), 8), 700);
    equal(Number.parseInt(text(all, 136, 148), 8), 1e9);
    const header = all.slice(0, 512).fill(32, 148, 156);
    equal(Number.parseInt(text(all, 148, 156), 8), header.reduce((sum, byte) => sum + byte, 0));
    equal(all.slice(1536).every((byte) => byte === 0), true);
  });

  it("refuses a name that does not fit", () => {
    throws(
      () => [...tar([{ path: "x".repeat(101), bytes: new Uint8Array(), modified: 0 }])],
      /too long/,
    );
  });
});
