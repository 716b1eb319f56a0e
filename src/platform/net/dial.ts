/** A two-way connection over TCP, TLS or a unix socket, for collectors that ask. */

import type { Socket } from "node:net";
import process from "node:process";
import { timedOut, undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import { foreignPeer } from "../../formats/peer_looks.ts";
import type { Address, Net, Stream } from "../../ports/net.ts";
import { net } from "../runtime/node_modules.ts";
import { secureContext } from "./tls.ts";

/** An answer that comes without end leaves other work its turn after so long. */
const MAX_TURN_MS = 50;
/** What is read at once. */
const MAX_PIECE = 65_536;

export const dial: Net["dial"] = (to, signal) => {
  const where = shown(to);
  const isSecure = "host" in to && to.tls !== undefined;
  return new Promise<Stream>((resolve, reject) => {
    const late = () => timedOut(`${where} did not answer in time`);
    if (signal.aborted) return reject(late());
    const socket = socketTo(to);
    const chunks: Uint8Array[] = [];
    let state: "open" | "ended" | Error = "open";
    let wake: (() => void) | undefined;
    let turnEnd: number | undefined;

    const change = (next: "ended" | Error) => {
      if (state === "open") state = next;
      wake?.();
    };
    const onAbort = () => {
      change(late());
      reject(late());
      socket.destroy();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      // One piece at a time: whoever reads slowly must not fill the memory.
      socket.pause();
      wake?.();
    });
    socket.on("end", () => change("ended"));
    socket.on("close", () => change("ended"));
    socket.on("error", (error) => {
      const looks = isSecure && foreignPeer("TLS", error.message);
      const failure = undelivered(
        looks ? `${where} ${looks}` : `cannot connect to ${where}`,
        error,
      );
      change(failure);
      reject(failure);
    });

    /** A runtime may hand over what comes next before anything else has its turn. */
    const nextTurn = () => new Promise<void>((next) => void setImmediate(next));
    const isLong = () => {
      if (turnEnd !== undefined) return performance.now() > turnEnd;
      turnEnd = performance.now() + MAX_TURN_MS;
      setImmediate(() => (turnEnd = undefined)).unref();
      return false;
    };

    const stream: Stream = {
      async read() {
        for (;;) {
          if (chunks.length > 0) {
            if (isLong()) await nextTurn();
            const chunk = chunks.shift();
            if (chunk === undefined) continue;
            if (chunk.length > MAX_PIECE) chunks.unshift(chunk.subarray(MAX_PIECE));
            else socket.resume();
            return chunk.subarray(0, MAX_PIECE);
          }
          if (state instanceof Error) throw state;
          if (state === "ended") return undefined;
          await new Promise<void>((next) => (wake = next));
        }
      },
      write(bytes) {
        return new Promise((done, fail) => {
          if (state instanceof Error) return fail(state);
          socket.write(bytes, (error) => {
            if (error) fail(undelivered(`cannot write to ${where}`, error));
            else done();
          });
        });
      },
      [Symbol.dispose]() {
        signal.removeEventListener("abort", onAbort);
        socket.destroy();
      },
    };
    socket.once(isSecure ? "secureConnect" : "connect", () => resolve(stream));
  });
};

function shown(to: Address): string {
  return "path" in to ? to.path : addressText(to);
}

function socketTo(to: Address): Socket {
  if ("path" in to) return net().connect({ path: to.path });
  const { host, port, tls } = to;
  if (tls === undefined) return net().connect({ host, port, noDelay: true });
  const servername = tls.serverName || (net().isIP(host) === 0 ? host : undefined);
  return process.getBuiltinModule("node:tls").connect({
    host,
    port,
    servername,
    ...secureContext(tls),
  });
}
