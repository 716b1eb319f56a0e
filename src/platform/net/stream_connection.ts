/** A TCP or TLS connection through the runtime's own sockets: where there is no other way. */

import type { Socket } from "node:net";
import { timedOut, undelivered } from "../../core/errors.ts";
import type { Connection } from "../../ports/net.ts";
import { PeerSigns } from "./peer_signs.ts";
import type { SendQueues } from "./send_queue.ts";

/** `peer` is for messages. */
export function streamConnection(
  socket: Socket,
  peer: string,
  queues: SendQueues,
  closeMs: number,
): Connection {
  return new StreamConnection(socket, peer, queues, closeMs);
}

class StreamConnection implements Connection {
  readonly #socket: Socket;
  readonly #peer: string;
  readonly #queues: SendQueues;
  readonly #closeMs: number;
  readonly #signs = new PeerSigns();
  readonly #waiting = new Set<(error?: Error) => void>();
  #state: Connection["state"] = "open";
  #failure: unknown;
  #heardAt = performance.now();

  constructor(socket: Socket, peer: string, queues: SendQueues, closeMs: number) {
    this.#socket = socket;
    this.#peer = peer;
    this.#queues = queues;
    this.#closeMs = closeMs;
    socket.on("error", (error) => this.#ended("broken", error));
    socket.on("close", () => this.#ended(this.#state === "ended" ? "ended" : "broken"));
    // The peer's end must be read to be seen.
    socket.on("data", (bytes: Uint8Array) => {
      this.#heardAt = performance.now();
      this.#signs.hear(bytes);
    });
    socket.on("end", () => this.#ended("ended", "the peer closed it"));
  }

  get state(): Connection["state"] {
    return this.#state;
  }

  unacknowledged(): number | undefined {
    return this.#queues.of(this.#socket);
  }

  unread(unacknowledged: number): number {
    return this.#signs.unread(unacknowledged, this.#queues.window(this.#socket));
  }

  heard(): string {
    return this.#signs.heard();
  }

  silence(): number {
    return performance.now() - this.#heardAt;
  }

  write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const peer = this.#peer;
    if (this.#state !== "open") {
      throw undelivered(`the connection to ${peer} is closed`, this.#failure);
    }
    return new Promise<void>((resolve, reject) => {
      const finish = (error?: Error) => {
        this.#waiting.delete(finish);
        signal.removeEventListener("abort", onAbort);
        if (error) reject(error);
        else resolve();
      };
      const onAbort = () =>
        finish(timedOut(`${peer} does not read: ${bytes.length} bytes are stuck`));
      this.#waiting.add(finish);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#socket.write(
        bytes,
        (error) => finish(error ? undelivered(`cannot write to ${peer}`, error) : undefined),
      );
    });
  }

  close(): Promise<boolean> {
    const socket = this.#socket;
    return new Promise<boolean>((resolve) => {
      if (this.#state !== "open") {
        const orderly = this.#state === "ended";
        socket.destroy();
        return resolve(orderly);
      }
      // A peer that never closes its side must not keep the descriptor.
      const late = setTimeout(() => {
        resolve(this.unread(this.unacknowledged() ?? 0) === 0);
        socket.destroy();
      }, this.#closeMs);
      late.unref();
      socket.once("close", () => {
        clearTimeout(late);
        resolve(this.#state === "ended");
      });
      socket.end();
    });
  }

  destroy(): void {
    this.#state = "broken";
    // A reset frees what the kernel still holds for a peer that does not read.
    if (!("encrypted" in this.#socket)) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #ended(how: "ended" | "broken", error?: unknown): void {
    // An error may follow an end; what was sent before it may be lost after all.
    if (this.#state !== "broken") this.#state = how;
    this.#failure ??= error;
    this.#heardAt = performance.now();
    for (const wake of this.#waiting) {
      wake(undelivered(`the connection to ${this.#peer} broke`, this.#failure));
    }
    this.#waiting.clear();
  }
}
