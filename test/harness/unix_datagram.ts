/** Sends a datagram to a unix socket, under both runtimes. Waits while the socket's queue is full. */

import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { sendUnixDatagram } from "../../src/platform/net/unix_datagram.ts";

interface DenoSockets {
  listenDatagram(at: { transport: "unixpacket"; path: string }): {
    send(bytes: Uint8Array, to: { transport: "unixpacket"; path: string }): Promise<number>;
    close(): void;
  };
}

export async function sendDatagram(path: string, text: string): Promise<void> {
  const { Deno } = globalThis as { Deno?: DenoSockets };
  if (Deno === undefined) {
    while (!sendUnixDatagram(path, text)) await sleep(1);
    return;
  }
  const own = join(tmpdir(), `diamond-sender-${process.pid}-${performance.now()}`);
  const socket = Deno.listenDatagram({ transport: "unixpacket", path: own });
  try {
    await socket.send(new TextEncoder().encode(text), { transport: "unixpacket", path });
  } finally {
    socket.close();
    rmSync(own, { force: true });
  }
}
