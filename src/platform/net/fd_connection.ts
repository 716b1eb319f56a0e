/**
 * A TCP connection held by its descriptor alone. The runtime connects it and then releases it: a socket of the
 * runtime wakes the process every second to check deadlines that are not set, and doubles the cost of a write.
 * Nothing here waits for an event of the kernel: the state is read at each write, and again after a while where
 * the kernel's buffer is full.
 */

import { timedOut, undelivered } from "../../core/errors.ts";
import type { Connection } from "../../ports/net.ts";
import { realClock } from "../clock.ts";
import { createHearing, createUnread } from "./peer_signs.ts";
import type { SocketCalls } from "./socket_calls.ts";

/** Between looks at a full buffer or an unfinished end: short at first, twice as long each time. */
const INITIAL_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 64;
/** Whoever writes has asked before whether it may: what was open this long ago still is. */
const FRESH_MS = 5;

/** `descriptor` belongs to a connected socket that only this connection uses; `greeting` is what the peer has sent so far. */
export function heldConnection(
  descriptor: number,
  peer: string,
  calls: SocketCalls,
  closeMs: number,
  greeting: Uint8Array,
): Connection {
  const hearing = createHearing();
  hearing.hear(greeting);
  const unreadOf = createUnread();
  // The first reading shows the size of its buffer while that is empty.
  unreadOf(0, calls.window(descriptor));
  /** Once the descriptor is closed. */
  let last: Exclude<Connection["state"], "open"> | undefined;
  let openAt = -Infinity;
  let finished = false;
  /** Aborted with `last`, so that no caller waits for a closed connection. */
  const gone = new AbortController();

  const broke = () => undelivered(`the connection to ${peer} broke`);

  function state(): Connection["state"] {
    if (last !== undefined) return last;
    const now = performance.now();
    if (now - openAt < FRESH_MS) return "open";
    const found = calls.state(descriptor, finished, hearing.hear);
    if (found === "open") openAt = now;
    return found;
  }

  function release(as: "ended" | "broken", close: (descriptor: number) => void): void {
    if (last !== undefined) return;
    last = as;
    close(descriptor);
    gone.abort();
  }

  function pause(turn: number, signal: AbortSignal): Promise<void> {
    return realClock.sleep(Math.min(INITIAL_PAUSE_MS * 2 ** turn, LONGEST_PAUSE_MS), signal);
  }

  async function sendRest(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([signal, gone.signal]);
    let rest = bytes;
    for (let turn = 0; rest.length > 0; turn++) {
      await pause(turn, stop);
      if (state() !== "open") throw broke();
      if (signal.aborted) {
        throw timedOut(`${peer} does not read: ${bytes.length} bytes are stuck`);
      }
      const taken = calls.send(descriptor, rest);
      if (taken > 0) turn = -1;
      rest = rest.subarray(taken);
    }
  }

  function hasReadAll(): boolean {
    return unreadOf(calls.unacknowledged(descriptor) ?? 0, calls.window(descriptor)) === 0;
  }

  return {
    get state() {
      return state();
    },
    unacknowledged: () => last === undefined ? calls.unacknowledged(descriptor) ?? 0 : 0,
    unread: (unacknowledged) =>
      last === undefined ? unreadOf(unacknowledged, calls.window(descriptor)) : 0,
    heard: hearing.take,
    silence() {
      const silence = last === undefined ? calls.silence(descriptor) : undefined;
      return silence ?? performance.now() - openAt;
    },
    write(bytes, signal) {
      if (state() !== "open") throw undelivered(`the connection to ${peer} is closed`);
      const taken = calls.send(descriptor, bytes);
      if (taken === bytes.length) return;
      return sendRest(bytes.subarray(taken), signal);
    },
    async close() {
      const now = state();
      if (now !== "open") {
        release(now, calls.close);
        return now === "ended";
      }
      calls.finish(descriptor);
      finished = true;
      const until = performance.now() + closeMs;
      for (let turn = 0; state() === "open" && performance.now() < until; turn++) {
        await pause(turn, gone.signal);
      }
      const end = state();
      // A peer that never closes its side must not keep the descriptor.
      const isAllRead = end === "ended" || (end === "open" && hasReadAll());
      release(end === "broken" ? "broken" : "ended", calls.close);
      return isAllRead;
    },
    // A reset frees what the kernel still holds for a peer that does not read.
    destroy: () => release("broken", calls.reset),
  };
}
