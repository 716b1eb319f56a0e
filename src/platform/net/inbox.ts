/** A UDP port, or a unix socket, whose datagrams wait to be taken. */

import type { Socket } from "node:dgram";
import { undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import type { Inbox, ListenAddress, Net } from "../../ports/net.ts";
import { bunSockets } from "../runtime/bun_sockets.ts";
import { dgram, net } from "../runtime/node_modules.ts";

/** Of datagrams that wait; with more the oldest are dropped. */
const MAX_BYTES = 4 * 1024 * 1024;
/** What the kernel keeps while the process does something else, as far as it lets: its own size is filled in milliseconds. */
const KERNEL_BYTES = 4 * 1024 * 1024;
/** A flood may keep the agent from its other work for so long: what comes in the same turn after that is dropped. */
const MAX_TURN_MS = 100;
/** What one takes in memory besides its bytes: those of a byte are bounded too. */
const OVERHEAD = 256;

export const inbox: Net["inbox"] = async (at, receive) => {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  let dropped = 0;
  const keep = (datagram: Uint8Array) => {
    waiting.push(datagram);
    bytes += datagram.length + OVERHEAD;
    while (bytes > MAX_BYTES) {
      bytes -= waiting.shift()!.length + OVERHEAD;
      dropped++;
    }
  };
  const take = inTurns(receive ?? keep, () => dropped++);
  const close = "path" in at
    ? await (await import("./unix_inbox.ts")).listenUnix(at, take)
    : await listenUdp(at, take);
  return {
    take() {
      const taken = { datagrams: waiting, dropped };
      [waiting, bytes, dropped] = [[], 0, 0];
      return taken;
    },
    [Symbol.dispose]: close,
  } satisfies Inbox;
};

/** A runtime may hand over datagrams as long as more come, before anything else has its turn. */
function inTurns(
  receive: (datagram: Uint8Array) => void,
  drop: () => void,
): (datagram: Uint8Array) => void {
  let end: number | undefined;
  return (datagram) => {
    if (end === undefined) {
      end = performance.now() + MAX_TURN_MS;
      setImmediate(() => (end = undefined)).unref();
    } else if (performance.now() > end) return drop();
    receive(datagram);
  };
}

async function listenUdp(
  { host, port }: Pick<ListenAddress, "host" | "port">,
  receive: (datagram: Uint8Array) => void,
): Promise<() => void> {
  const socket = dgram().createSocket(net().isIP(host) === 6 ? "udp6" : "udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", (error) => {
      socket.close();
      reject(undelivered(`cannot listen at ${addressText({ host, port })}`, error));
    });
    socket.bind(port, host, resolve);
  });
  socket.on("error", () => {});
  if (bunSockets !== undefined) enlarge(socket);
  socket.on("message", receive);
  socket.unref();
  return () => void socket.close();
}

/** Under Bun alone: Deno takes longer to read a full buffer than the datagrams are worth. */
function enlarge(socket: Socket): void {
  try {
    socket.setRecvBufferSize(KERNEL_BYTES);
  } catch {
    // The system's own size is smaller, and does.
  }
}
