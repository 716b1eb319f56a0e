/**
 * The bytes written to a socket that the peer's system has not acknowledged. The kernel answers that for a
 * descriptor; where it cannot be asked, the table of all connections has it.
 */

import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import process from "node:process";
import { descriptorOf, type SocketCalls } from "./socket_calls.ts";

/** Some fifty thousand connections: a longer table is not looked at. */
const MAX_TABLE_BYTES = 8_388_608;
/** A look at the table may take this part of the time. */
const LOOKS_SHARE = 0.002;

export interface SendQueues {
  /** Bytes in a socket's send queue; 0 where that is unknown, undefined where it is too soon to look again. */
  of(socket: Socket): number | undefined;
  /** Bytes that its peer has room for; undefined where that is unknown. */
  window(socket: Socket): number | undefined;
}

export function createSendQueues(calls: SocketCalls | undefined): SendQueues {
  let nextLook = 0;

  /** Source: tx_queue in /proc/net/tcp, https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html */
  function look({ localPort, remotePort }: Socket): number {
    const hex = (port = 0) => port.toString(16).toUpperCase().padStart(4, "0");
    const line = new RegExp(
      `:${hex(localPort)} [0-9A-F]+:${hex(remotePort)} [0-9A-F]{2} ([0-9A-F]{8}):`,
    );
    for (const table of ["/proc/self/net/tcp", "/proc/self/net/tcp6"]) {
      try {
        const text = readFileSync(table, "latin1");
        if (text.length > MAX_TABLE_BYTES) return 0;
        const found = line.exec(text);
        if (found !== null) return Number.parseInt(found[1], 16);
      } catch {
        // No such table: no IPv6, or no /proc.
      }
    }
    return 0;
  }

  return {
    of(socket) {
      if (process.platform !== "linux" || !socket.localPort) return 0;
      const descriptor = descriptorOf(socket);
      const bytes = descriptor < 0 ? undefined : calls?.unacknowledged(descriptor);
      if (bytes !== undefined) return bytes;
      const started = performance.now();
      if (started < nextLook) return undefined;
      const found = look(socket);
      const now = performance.now();
      nextLook = now + (now - started) / LOOKS_SHARE;
      return found;
    },
    window(socket) {
      const descriptor = descriptorOf(socket);
      return descriptor < 0 ? undefined : calls?.window(descriptor);
    },
  };
}
