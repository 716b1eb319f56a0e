/** TCP and UDP. Names are resolved at each connect, and every address is tried in turn. */

import { connect as connectTcp, isIP, type Socket } from "node:net";
import process from "node:process";
import { dgram, dns } from "./builtin.ts";
import { heldConnection } from "./held_connection.ts";
import { createRequester, listenHttp } from "./http.ts";
import { createSendQueues, type SendQueues } from "./send_queue.ts";
import { socketCalls } from "./socket_calls.ts";
import { streamConnection } from "./stream_connection.ts";
import { secureContext } from "./tls.ts";
import { timedOut, undelivered } from "../core/errors.ts";
import type { Datagrams, Net, Target } from "../core/host.ts";

const CLOSE_MS = 5000;

interface Address {
  readonly address: string;
  readonly family: number;
}

/** Made with the first connection: most commands have none. */
let queues: SendQueues | undefined;

export const realNet: Net = {
  async connect(target, signal) {
    const calls = await socketCalls();
    queues ??= createSendQueues(calls);
    let failure: unknown;
    for (const address of await addressesOf(target, signal)) {
      try {
        const socket = await connected(target, address, signal);
        // What is encrypted needs the runtime.
        const held = target.tls === undefined && calls !== undefined
          ? heldConnection(socket, show(target), calls, CLOSE_MS)
          : undefined;
        return held ?? streamConnection(socket, show(target), queues, CLOSE_MS);
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  },

  async datagram(target, signal) {
    const [address] = await addressesOf(target, signal);
    const socket = dgram().createSocket(address.family === 6 ? "udp6" : "udp4");
    // A refused datagram is told with the next send; without a listener it would end the process.
    let failure: unknown;
    socket.on("error", (error) => (failure = error));
    socket.unref();
    return {
      send(bytes) {
        return new Promise<void>((resolve, reject) => {
          const told = failure;
          failure = undefined;
          if (told !== undefined) {
            return reject(undelivered(`Cannot send to ${show(target)}`, told));
          }
          socket.send(bytes, target.port, scoped(address, target), (error) => {
            if (error) reject(undelivered(`Cannot send to ${show(target)}`, error));
            else resolve();
          });
        });
      },
      close: () => socket.close(),
    } satisfies Datagrams;
  },

  request: createRequester(),
  listen: listenHttp,
};

async function addressesOf(target: Target, signal: AbortSignal): Promise<Address[]> {
  const { host, family = 0 } = target;
  const literal = isIP(host);
  if (literal !== 0) return [{ address: host, family: literal }];
  let addresses: Address[];
  try {
    addresses = await abortable(
      dns().lookup(host, { all: true, family, order: "verbatim" }),
      signal,
      target,
    );
  } catch (error) {
    // A host without /etc/hosts cannot look up the one name that always means the same.
    if (host === "localhost" && !signal.aborted) {
      return [{ address: family === 6 ? "::1" : "127.0.0.1", family: family || 4 }];
    }
    throw error instanceof Error && "code" in error && error.code === "timeout"
      ? error
      : undelivered(`Cannot resolve "${host}"`, error);
  }
  if (addresses.length === 0) {
    throw undelivered(`"${host}" has no address${family ? ` of IPv${family}` : ""}`);
  }
  return addresses;
}

function abortable<T>(work: Promise<T>, signal: AbortSignal, target: Target): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const late = () => reject(timedOut(`No answer for ${show(target)} in time`, signal.reason));
    if (signal.aborted) late();
    else signal.addEventListener("abort", late, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", late));
  });
}

function connected(target: Target, address: Address, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const to = { host: scoped(address, target), port: target.port, noDelay: true };
    const socket = target.tls === undefined
      ? connectTcp(to)
      : process.getBuiltinModule("node:tls").connect({
        ...to,
        servername: nameOf(target),
        ...secureContext(target.tls),
      });
    const fail = (error: Error) => {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = () => fail(timedOut(`Cannot connect to ${show(target)} in time`));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", (error) => fail(undelivered(`Cannot connect to ${show(target)}`, error)));
    socket.once(target.tls === undefined ? "connect" : "secureConnect", () => {
      signal.removeEventListener("abort", onAbort);
      socket.removeAllListeners("error");
      if (target.keepalive) socket.setKeepAlive(true, target.keepalive * 1000);
      resolve(socket);
    });
  });
}

/** The name that the certificate is to have; an address is looked for among its addresses. */
function nameOf({ host, tls }: Target): string | undefined {
  return tls?.serverName || (isIP(host) === 0 ? host : undefined);
}

function scoped(address: Address, { scope }: Target): string {
  return scope && address.family === 6 && !address.address.includes("%")
    ? `${address.address}%${scope}`
    : address.address;
}

function show({ host, port }: Target): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
