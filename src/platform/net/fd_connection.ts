/**
 * A TCP connection held by its descriptor alone. The runtime connects it and then releases it: a socket of the
 * runtime wakes the process every second to check deadlines that are not set, and doubles the cost of a write.
 * Nothing here waits for an event of the kernel: the state is read at each write, and again after a while where
 * the kernel's buffer is full.
 */

import { timedOut, undelivered } from "../../core/errors.ts";
import type { Connection } from "../../ports/net.ts";
import { realClock } from "../clock.ts";
import { PeerSigns } from "./peer_signs.ts";
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
  return new HeldConnection(descriptor, peer, calls, closeMs, greeting);
}

class HeldConnection implements Connection {
  readonly #descriptor: number;
  readonly #peer: string;
  readonly #calls: SocketCalls;
  readonly #closeMs: number;
  readonly #signs = new PeerSigns();
  /** Once the descriptor is closed. */
  #last: Exclude<Connection["state"], "open"> | undefined;
  #openAt = -Infinity;
  #isFinished = false;
  /** Aborted with `#last`, so that no caller waits for a closed connection. */
  readonly #gone = new AbortController();

  constructor(
    descriptor: number,
    peer: string,
    calls: SocketCalls,
    closeMs: number,
    greeting: Uint8Array,
  ) {
    this.#descriptor = descriptor;
    this.#peer = peer;
    this.#calls = calls;
    this.#closeMs = closeMs;
    this.#signs.hear(greeting);
    // The first reading shows the size of its buffer while that is empty.
    this.unread(0);
  }

  get state(): Connection["state"] {
    if (this.#last !== undefined) return this.#last;
    const now = performance.now();
    if (now - this.#openAt < FRESH_MS) return "open";
    const found = this.#calls.state(this.#descriptor, this.#isFinished, this.#signs.hear);
    if (found === "open") this.#openAt = now;
    return found;
  }

  unacknowledged(): number {
    if (this.#last !== undefined) return 0;
    return this.#calls.unacknowledged(this.#descriptor) ?? 0;
  }

  unread(unacknowledged: number): number {
    if (this.#last !== undefined) return 0;
    return this.#signs.unread(unacknowledged, this.#calls.window(this.#descriptor));
  }

  heard(): string {
    return this.#signs.heard();
  }

  silence(): number {
    const silence = this.#last === undefined ? this.#calls.silence(this.#descriptor) : undefined;
    return silence ?? performance.now() - this.#openAt;
  }

  write(bytes: Uint8Array, signal: AbortSignal): void | Promise<void> {
    if (this.state !== "open") throw undelivered(`the connection to ${this.#peer} is closed`);
    const taken = this.#calls.send(this.#descriptor, bytes);
    if (taken === bytes.length) return;
    return this.#sendRest(bytes.subarray(taken), signal);
  }

  async close(): Promise<boolean> {
    const now = this.state;
    if (now !== "open") {
      this.#release(now, this.#calls.close);
      return now === "ended";
    }
    this.#calls.finish(this.#descriptor);
    this.#isFinished = true;
    const until = performance.now() + this.#closeMs;
    for (let turn = 0; this.state === "open" && performance.now() < until; turn++) {
      await pause(turn, this.#gone.signal);
    }
    const end = this.state;
    // A peer that never closes its side must not keep the descriptor.
    const isAllRead = end === "ended" ||
      (end === "open" && this.unread(this.unacknowledged()) === 0);
    this.#release(end === "broken" ? "broken" : "ended", this.#calls.close);
    return isAllRead;
  }

  destroy(): void {
    // A reset frees what the kernel still holds for a peer that does not read.
    this.#release("broken", this.#calls.reset);
  }

  #release(as: "ended" | "broken", close: (descriptor: number) => void): void {
    if (this.#last !== undefined) return;
    this.#last = as;
    close(this.#descriptor);
    this.#gone.abort();
  }

  async #sendRest(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([signal, this.#gone.signal]);
    let rest = bytes;
    for (let turn = 0; rest.length > 0; turn++) {
      await pause(turn, stop);
      if (this.state !== "open") throw undelivered(`the connection to ${this.#peer} broke`);
      if (signal.aborted) {
        throw timedOut(`${this.#peer} does not read: ${bytes.length} bytes are stuck`);
      }
      const taken = this.#calls.send(this.#descriptor, rest);
      if (taken > 0) turn = -1;
      rest = rest.subarray(taken);
    }
  }
}

function pause(turn: number, signal: AbortSignal): Promise<void> {
  return realClock.sleep(Math.min(INITIAL_PAUSE_MS * 2 ** turn, LONGEST_PAUSE_MS), signal);
}
