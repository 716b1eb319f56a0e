/** Two pipes to a child, written and read with a deadline, while everything else waits. No runtime has that. */

import { closeSync, readSync, writeSync } from "node:fs";
import { systemCalls } from "../runtime/libc.ts";
import { once } from "../runtime/once.ts";

const O_CLOEXEC = 0o2000000;
/** Source: poll(2). */
const POLLIN = 1;
const POLLOUT = 4;
/** What a pipe that can be written takes without waiting: PIPE_BUF of pipe(7). */
const PIECE = 4096;
const LINE_END = 10;

const system = once(() =>
  systemCalls({
    pipe2: { args: ["ptr", "i32"], returns: "i32" },
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  })
);

/** False where the system's functions are not to be had. */
export function hasPipes(): boolean {
  return system() !== undefined;
}

export interface Pipes {
  /** For the child: what it reads, what it writes. They are closed with `handedOver`. */
  readonly theirs: readonly [input: number, output: number];
  handedOver(): void;
  /** Sends a line and returns the next one. Undefined where that takes longer, throws where the child has ended. */
  exchange(line: string, ms: number): string | undefined;
  close(): void;
}

/** Throws where the system has no more descriptors. */
export function openPipes(): Pipes {
  const [input, write] = pipe();
  const [read, output] = pipe();
  const buffer = new Uint8Array(65_536);

  function send(bytes: Uint8Array, until: number): boolean {
    for (let done = 0; done < bytes.length;) {
      if (!isReady(write, POLLOUT, until)) return false;
      done += writeSync(write, bytes, done, Math.min(PIECE, bytes.length - done));
    }
    return true;
  }

  return {
    theirs: [input, output],
    handedOver: () => [input, output].forEach(closeSync),
    exchange(line, ms) {
      const until = performance.now() + ms;
      if (!send(new TextEncoder().encode(`${line}\n`), until)) return undefined;
      const parts: Uint8Array[] = [];
      while (isReady(read, POLLIN, until)) {
        const count = readSync(read, buffer);
        if (count === 0) throw new Error("it has ended");
        const isWhole = buffer[count - 1] === LINE_END;
        parts.push(buffer.slice(0, count));
        if (isWhole) return Buffer.concat(parts).toString("utf8");
      }
      return undefined;
    },
    close: () => [write, read].forEach(closeSync),
  };
}

function pipe(): Int32Array {
  const ends = new Int32Array(2);
  if (system()!.pipe2(ends, O_CLOEXEC) !== 0) throw new Error("no pipe can be made");
  return ends;
}

function isReady(descriptor: number, events: number, until: number): boolean {
  /** struct pollfd: the descriptor, then what is asked for and what came of it. */
  const request = new Int32Array(2);
  for (;;) {
    const left = Math.ceil(until - performance.now());
    if (left <= 0) return false;
    request[0] = descriptor;
    request[1] = events;
    // Negative: a signal came.
    if (system()!.poll(request, 1, left) > 0) return true;
  }
}
