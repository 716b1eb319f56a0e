/**
 * A write to a socket without the streams around it: with Bun, what the kernel takes at once goes to the
 * descriptor, which costs half of what a stream's write, its callback and their turns cost. The stream
 * stays in charge of everything else, and of what the kernel did not take.
 */

import type { Socket } from "node:net";
import process from "node:process";

interface Handle {
  /** How many bytes the kernel took; less than none where the socket is closed. */
  write?(bytes: Uint8Array): number;
}

/** How many of the bytes are on their way; the rest is the stream's. */
export function directWrite(socket: Socket, bytes: Uint8Array): number {
  // What waits in the stream goes first, and what is encrypted is not for the descriptor.
  if (process.versions.bun === undefined || socket.writableLength > 0 || "encrypted" in socket) {
    return 0;
  }
  const { _handle: handle } = socket as { _handle?: Handle | null };
  if (typeof handle?.write !== "function") return 0;
  return Math.max(0, handle.write(bytes));
}
