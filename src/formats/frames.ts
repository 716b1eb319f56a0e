/** Cuts a stream into frames: four bytes of length, the most significant first, and so many bytes. */

import { GrowingBytes } from "./growing_bytes.ts";

const HEAD = 4;

export class FrameCutter {
  readonly #frame = new GrowingBytes();
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that wait for the rest of their frame. */
  get held(): number {
    return this.#frame.length;
  }

  /** Hands over each frame that is complete. False where one is too long: nothing after it can be read. */
  cut(bytes: Uint8Array, take: (frame: Uint8Array) => void): boolean {
    const frame = this.#frame;
    for (let at = 0; at < bytes.length;) {
      const wanted = HEAD + (frame.length < HEAD ? 0 : lengthOf(frame.bytes));
      const part = bytes.subarray(at, at + wanted - frame.length);
      frame.add(part);
      at += part.length;
      if (frame.length < HEAD) break;
      const length = lengthOf(frame.bytes);
      if (length > this.#maxBytes) return false;
      if (frame.length < HEAD + length) continue;
      take(frame.bytes.subarray(HEAD));
      frame.clear();
    }
    return true;
  }
}

function lengthOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, HEAD).getUint32(0);
}
