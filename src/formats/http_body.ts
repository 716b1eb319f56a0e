/**
 * The body of an HTTP request as its bytes arrive, of a length that the head names or in chunks.
 * Source: https://www.rfc-editor.org/rfc/rfc9112#section-7.1
 */

import { GrowingBytes } from "./growing_bytes.ts";

export interface BodyReader {
  /** More bytes. "done" once the body is complete; what follows is not read. */
  take(bytes: Uint8Array): "more" | "done" | "too long" | "broken";
  /** What has come. */
  readonly body: Uint8Array;
}

/** A body of so many bytes. */
export function sizedBody(length: number): BodyReader {
  const body = new GrowingBytes();
  return {
    take(bytes) {
      body.add(bytes.subarray(0, length - body.length));
      return body.length < length ? "more" : "done";
    },
    get body() {
      return body.bytes;
    },
  };
}

const NEWLINE = 10;
/** Bytes of a chunk's size with its extensions, or of a trailer. */
const MAX_LINE = 1024;
/** Chunks' sizes and trailers together take no more than this for each byte of the body, and so much besides. */
const MAX_FRAMING = 65_536;
const SIZE = /^([0-9A-Fa-f]{1,8})[ \t]*(;.*)?\r?$/s;

/** A body in chunks, of at most so many bytes. */
export function chunkedBody(maxBytes: number): BodyReader {
  const body = new GrowingBytes();
  let line = "";
  let framing = 0;
  /** Of the chunk that is under way. */
  let left = 0;
  let state: "size" | "data" | "data end" | "trailer" = "size";

  /** A line has its end. */
  function next(): "more" | "done" | "too long" | "broken" {
    const text = line;
    line = "";
    if (state === "trailer") return text === "" || text === "\r" ? "done" : "more";
    if (state === "data end") {
      state = "size";
      return text === "" || text === "\r" ? "more" : "broken";
    }
    const [, digits] = SIZE.exec(text) ?? [];
    if (digits === undefined) return "broken";
    left = parseInt(digits, 16);
    state = left === 0 ? "trailer" : "data";
    return body.length + left > maxBytes ? "too long" : "more";
  }

  return {
    take(bytes) {
      for (let at = 0; at < bytes.length;) {
        if (state === "data") {
          const part = bytes.subarray(at, at + left);
          body.add(part);
          at += part.length;
          left -= part.length;
          if (left === 0) state = "data end";
          continue;
        }
        const byte = bytes[at++];
        if (byte !== NEWLINE) {
          line += String.fromCharCode(byte);
          if (line.length > MAX_LINE) return "broken";
          continue;
        }
        if (++framing > MAX_FRAMING + body.length) return "too long";
        const step = next();
        if (step !== "more") return step;
      }
      return "more";
    },
    get body() {
      return body.bytes;
    },
  };
}
