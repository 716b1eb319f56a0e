/** Takes lines from programs on this machine, as Graphite would. */

import type { Socket } from "node:net";
import { undelivered } from "../../core/errors.ts";
import { net } from "../runtime/node_modules.ts";
import { listening } from "./listen.ts";

const MAX_PEERS = 64;
/** Of a line; what is longer is none. */
const MAX_CHARS = 8192;

/** On loopback alone, until the returned function is called. Throws `undelivered` where it cannot listen. */
export async function receiveLines(
  port: number,
  take: (line: string) => void,
): Promise<() => void> {
  const peers = new Set<Socket>();
  const server = net().createServer((socket) => {
    if (peers.size >= MAX_PEERS) return void socket.destroy();
    peers.add(socket);
    let rest = "";
    socket.setEncoding("utf8");
    socket.on("error", () => {});
    socket.on("close", () => peers.delete(socket));
    socket.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      if (rest.length > MAX_CHARS) socket.destroy();
      for (const line of lines) take(line);
    });
  });
  try {
    await listening(server, { port, host: "127.0.0.1" });
  } catch (error) {
    throw undelivered(`cannot listen at 127.0.0.1:${port}`, error);
  }
  return () => {
    for (const peer of peers) peer.destroy();
    server.close();
  };
}
