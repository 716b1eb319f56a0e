/**
 * Reads the output of a process line by line, with a bound on each line and on the time that one turn of the
 * event loop spends: whatever a process writes, it delays the agent by some milliseconds at most.
 */

import type { Readable } from "node:stream";

interface LineLimits {
  /** Characters that a line may have, by its first ones; what is longer is cut, and `isCut` says so. */
  longest(beginning: string): number;
  take(line: string, isCut: boolean): void;
}

/** Of each turn; then the other work has as long. */
const TURN_MS = 5;

export function readLines(stream: Readable, { longest, take }: LineLimits): void {
  let waiting: string[] = [];
  /** The line that has not ended, and whether its limit is used up. */
  let text = "";
  let isCut = false;
  let isResting = false;

  function add(part: string): void {
    if (isCut) return;
    const limit = longest(text === "" ? part : text);
    isCut = text.length + part.length > limit;
    text = isCut ? (text + part.slice(0, limit)).slice(0, limit) : text + part;
  }

  /** Takes the lines of a chunk until the time is over; returns what is left of it. */
  function read(chunk: string, until: number): string {
    let from = 0;
    for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", from)) {
      add(chunk.slice(from, end));
      from = end + 1;
      const [line, wasCut] = [text, isCut];
      [text, isCut] = ["", false];
      take(line, wasCut);
      if (performance.now() > until) return chunk.slice(from);
    }
    add(chunk.slice(from));
    return "";
  }

  function work(): void {
    isResting = false;
    const until = performance.now() + TURN_MS;
    while (waiting.length > 0 && performance.now() <= until) {
      const rest = read(waiting[0], until);
      if (rest === "") waiting.shift();
      else waiting[0] = rest;
    }
    if (waiting.length === 0) {
      waiting = [];
      stream.resume();
      return;
    }
    isResting = true;
    setTimeout(work, TURN_MS).unref();
  }

  stream.setEncoding("utf8");
  (stream as Readable & { unref?(): void }).unref?.();
  stream.on("error", () => {});
  stream.on("data", (chunk: string) => {
    waiting.push(chunk);
    stream.pause();
    if (!isResting) work();
  });
}
