/** Lines by UDP: packed into datagrams, and sent to a name that is resolved again now and then. */

import type { Host } from "../ports/host.ts";
import type { Datagrams, Target } from "../ports/net.ts";
import { packLines } from "../formats/datagrams.ts";

/** A name may move: datagrams never tell. */
const RESOLVE_AGAIN_SECONDS = 300;

interface LineSender {
  send(lines: Uint8Array, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export function openDatagrams(
  host: Host,
  target: Target,
  most: number,
  resolveAgainSeconds = 0,
): LineSender {
  let socket: Datagrams | undefined;
  let since = 0;
  const drop = () => {
    socket?.close();
    socket = undefined;
  };
  return {
    async send(lines, signal) {
      const age = host.clock.monotonic() - since;
      if (age >= 1000 * (resolveAgainSeconds || RESOLVE_AGAIN_SECONDS)) drop();
      if (socket === undefined) {
        socket = await host.net.datagram(target, signal);
        since = host.clock.monotonic();
      }
      try {
        for (const datagram of packLines(lines, most)) await socket.send(datagram, signal);
      } catch (error) {
        drop();
        throw error;
      }
    },
    close() {
      drop();
      return Promise.resolve();
    },
  };
}
