/** Services that collectors ask and that do not answer as they should, over TCP and UDP at one port. */

import { createSocket } from "node:dgram";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { freePort } from "./agent_process.ts";

/** What happens to a connection; `once`: what a datagram is answered with. */
interface Misdeed {
  connected?(socket: Socket): void;
  readonly datagram?: Uint8Array;
}

const GARBAGE = Uint8Array.from({ length: 4096 }, (_, at) => (at * 131) & 255);
/** The beginning of an answer whose rest never comes. */
const HALF = "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{";
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
const LINES = "STAT something 1\n".repeat(4096);

export const badServices = {
  /** Nothing listens. */
  dead: undefined,
  /** It accepts and never answers. */
  silent: {},
  /** It closes each connection at once. */
  closing: { connected: (socket) => void socket.end(), datagram: new Uint8Array() },
  garbage: {
    connected: (socket) => void socket.end(GARBAGE),
    datagram: GARBAGE.subarray(0, 500),
  },
  /** It answers the beginning of something and closes. */
  half: {
    connected: (socket) => void socket.once("data", () => socket.end(HALF)),
    datagram: Uint8Array.of(0x30, 0x82, 0x01),
  },
  /** It answers lines without end. */
  endless: { connected: pour },
  /** It answers a page without end. */
  "an endless page": {
    connected(socket) {
      socket.write(HEAD);
      pour(socket);
    },
  },
  /** It wants a login: as a web server, or as Redis. */
  locked: {
    connected: (socket) =>
      void socket.once(
        "data",
        (asked) =>
          socket.end(
            String(asked).startsWith("GET ")
              ? "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
              : "-NOAUTH Authentication required.\r\n",
          ),
      ),
  },
} satisfies Record<string, Misdeed | undefined>;

function pour(socket: Socket): void {
  const more = () => {
    while (socket.writable && socket.write(LINES));
  };
  socket.on("drain", more);
  more();
}

export interface BadService {
  readonly port: number;
  close(): void;
}

export async function badService(name: keyof typeof badServices): Promise<BadService> {
  const misdeed: Misdeed | undefined = badServices[name];
  if (misdeed === undefined) return { port: await freePort(), close: () => {} };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    misdeed.connected?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const datagrams = createSocket("udp4");
  datagrams.on("message", (_, peer) => {
    if (misdeed.datagram !== undefined) datagrams.send(misdeed.datagram, peer.port, peer.address);
  });
  await new Promise<void>((resolve) => datagrams.bind(port, "127.0.0.1", resolve));
  return {
    port,
    close() {
      server.close();
      datagrams.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
