/** A TCP server whose peers are handed over as they come. */

import { undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import type { Net, Peer } from "../../ports/net.ts";
import { net } from "../runtime/node_modules.ts";
import { listening } from "./listen.ts";

/** Until the end waits no longer for what a peer has not read. */
const LINGER_MS = 500;

export const serve: Net["serve"] = async ({ host, port, idleSeconds = 0 }, take) => {
  const server = net().createServer({ noDelay: true }, (socket) => {
    const peer: Peer = {
      name: addressText({ host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 }),
      get waiting() {
        return socket.writableLength;
      },
      send: (bytes) => void (bytes.length > 0 && socket.writable && socket.write(bytes)),
      close() {
        socket.end();
        setTimeout(() => socket.destroy(), LINGER_MS).unref();
      },
    };
    const { data, closed } = take(peer);
    socket.setTimeout(idleSeconds * 1000, () => peer.close());
    socket.on("error", () => socket.destroy());
    socket.on("data", data);
    socket.on("close", closed);
  });
  try {
    await listening(server, { host, port });
  } catch (error) {
    throw undelivered(`cannot listen at ${addressText({ host, port })}`, error);
  }
  return { close: () => new Promise((done) => server.close(() => done())) };
};
