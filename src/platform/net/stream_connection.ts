/** A TCP or TLS connection through the runtime's own sockets: where there is no other way. */

import type { Socket } from "node:net";
import { timedOut, undelivered } from "../../core/errors.ts";
import type { Connection } from "../../ports/net.ts";
import { createHearing, createUnread } from "./peer_signs.ts";
import type { SendQueues } from "./send_queue.ts";

/** `peer` is for messages. */
export function streamConnection(
  socket: Socket,
  peer: string,
  queues: SendQueues,
  closeMs: number,
): Connection {
  let state: Connection["state"] = "open";
  let failure: unknown;
  const hearing = createHearing();
  const unreadOf = createUnread();
  let heardAt = performance.now();
  const waiting = new Set<(error?: Error) => void>();
  const ended = (how: "ended" | "broken", error?: unknown) => {
    // An error may follow an end; what was sent before it may be lost after all.
    if (state !== "broken") state = how;
    failure ??= error;
    heardAt = performance.now();
    for (const wake of waiting) {
      wake(undelivered(`the connection to ${peer} broke`, failure));
    }
    waiting.clear();
  };
  socket.on("error", (error) => ended("broken", error));
  socket.on("close", () => ended(state === "ended" ? "ended" : "broken"));
  // The peer's end must be read to be seen.
  socket.on("data", (bytes: Uint8Array) => {
    heardAt = performance.now();
    hearing.hear(bytes);
  });
  socket.on("end", () => ended("ended", "the peer closed it"));

  return {
    get state() {
      return state;
    },
    unacknowledged: () => queues.of(socket),
    unread: (unacknowledged) => unreadOf(unacknowledged, queues.window(socket)),
    heard: hearing.take,
    silence: () => performance.now() - heardAt,
    write(bytes, signal) {
      if (state !== "open") {
        throw undelivered(`the connection to ${peer} is closed`, failure);
      }
      return new Promise<void>((resolve, reject) => {
        const finish = (error?: Error | null) => {
          waiting.delete(finish);
          signal.removeEventListener("abort", onAbort);
          if (error) reject(error);
          else resolve();
        };
        const onAbort = () =>
          finish(timedOut(`${peer} does not read: ${bytes.length} bytes are stuck`));
        waiting.add(finish);
        signal.addEventListener("abort", onAbort, { once: true });
        socket.write(
          bytes,
          (error) => finish(error ? undelivered(`cannot write to ${peer}`, error) : undefined),
        );
      });
    },
    close() {
      return new Promise<boolean>((resolve) => {
        if (state !== "open") {
          const orderly = state === "ended";
          socket.destroy();
          return resolve(orderly);
        }
        // A peer that never closes its side must not keep the descriptor.
        const late = setTimeout(() => {
          resolve(unreadOf(queues.of(socket) ?? 0, queues.window(socket)) === 0);
          socket.destroy();
        }, closeMs);
        late.unref();
        socket.once("close", () => {
          clearTimeout(late);
          resolve(state === "ended");
        });
        socket.end();
      });
    },
    destroy() {
      state = "broken";
      // A reset frees what the kernel still holds for a peer that does not read.
      if (!("encrypted" in socket)) socket.resetAndDestroy();
      else socket.destroy();
    },
  };
}
