/** TCP and UDP. Names are resolved at each connect, and every address is tried in turn. */

import type { Socket } from "node:net";
import process from "node:process";
import { type BunSocket, bunSockets } from "../runtime/bun_sockets.ts";
import { dgram, net } from "../runtime/node_modules.ts";
import { heldConnection } from "./fd_connection.ts";
import { dial } from "./dial.ts";
import { createRequester } from "./http.ts";
import { abortable } from "./abortable.ts";
import { type Address, lookup } from "./resolver.ts";
import { createSendQueues, type SendQueues } from "./send_queue.ts";
import { type SocketCalls, socketCalls } from "./socket_calls.ts";
import { streamConnection } from "./stream_connection.ts";
import { secureContext } from "./tls.ts";
import { foreignPeer } from "../../formats/peer_looks.ts";
import { timedOut, undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import type { Datagrams, Net, Target } from "../../ports/net.ts";

/** For a peer to read the rest and end its side: less than a worker gives its sink. */
const CLOSE_MS = 1500;
const MAX_WAITING_DATAGRAMS = 256;

/** Made with the first connection: most commands have none. */
let queues: SendQueues | undefined;

export const realNet: Net = {
  async connect(target, signal) {
    const calls = socketCalls();
    queues ??= createSendQueues(calls);
    let failure: unknown;
    for (const address of await addressesOf(target, signal)) {
      try {
        // What is encrypted needs the runtime.
        if (target.tls === undefined && calls !== undefined && bunSockets !== undefined) {
          const said: Uint8Array[] = [];
          const descriptor = await heldDescriptor(bunSockets, target, address, signal, calls, said);
          return heldConnection(
            descriptor,
            addressText(target),
            calls,
            CLOSE_MS,
            Buffer.concat(said),
          );
        }
        const socket = await connected(target, address, signal);
        return streamConnection(socket, addressText(target), queues, CLOSE_MS);
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  },

  dial,

  async datagram(target, signal) {
    const [address] = await addressesOf(target, signal);
    const socket = dgram().createSocket(address.family === 6 ? "udp6" : "udp4");
    // A refused datagram is reported with the next send; without a listener it would end the process.
    let failure: unknown;
    socket.on("error", (error) => (failure = error));
    socket.unref();
    if (target.hops !== undefined) {
      await new Promise<void>((bound) => socket.bind(0, bound));
      socket.setMulticastTTL(target.hops);
    }
    /** Where no one reads, the oldest are dropped. */
    const arrived: Uint8Array[] = [];
    let wake: (() => void) | undefined;
    socket.on("message", (bytes) => {
      arrived.push(bytes);
      if (arrived.length > MAX_WAITING_DATAGRAMS) arrived.shift();
      wake?.();
    });
    return {
      async receive(within) {
        for (;;) {
          const bytes = arrived.shift();
          if (bytes !== undefined) return bytes;
          const next = new Promise<void>((resolve) => (wake = resolve));
          await abortable(
            next,
            within,
            () => timedOut(`${addressText(target)} did not answer in time`),
          );
        }
      },
      send(bytes) {
        return new Promise<void>((resolve, reject) => {
          const told = failure;
          failure = undefined;
          if (told !== undefined) {
            return reject(undelivered(`cannot send to ${addressText(target)}`, told));
          }
          socket.send(bytes, target.port, scoped(address, target), (error) => {
            if (error) reject(undelivered(`cannot send to ${addressText(target)}`, error));
            else resolve();
          });
        });
      },
      close: () => socket.close(),
    } satisfies Datagrams;
  },

  request: createRequester(),
  listen: async (at, answer) => (await import("./http_server.ts")).listenHttp(at, answer),
  inbox: async (at, receive) => (await import("./inbox.ts")).inbox(at, receive),
  httpInbox: async (at, receive) => (await import("./http_inbox.ts")).httpInbox(at, receive),
  serve: async (at, take) => (await import("./serve.ts")).serve(at, take),
};

async function addressesOf(target: Target, signal: AbortSignal): Promise<Address[]> {
  const { host, family = 0 } = target;
  const literal = familyOf(host);
  if (literal !== 0) return [{ address: host, family: literal }];
  let addresses: Address[];
  try {
    addresses = await abortable(
      lookup(host, family),
      signal,
      () => timedOut(`No answer for ${addressText(target)} in time`),
    );
  } catch (error) {
    // A host without /etc/hosts cannot look up the one name that always means the same.
    if (host === "localhost" && !signal.aborted) {
      return [{ address: family === 6 ? "::1" : "127.0.0.1", family: family || 4 }];
    }
    throw error instanceof Error && "code" in error && error.code === "timeout"
      ? error
      : undelivered(`cannot resolve "${host}"`, error);
  }
  if (addresses.length === 0) {
    throw undelivered(`"${host}" has no address${family ? ` of IPv${family}` : ""}`);
  }
  return addresses;
}

/** Of a connection that is this program's alone: the runtime makes it, and lets go of it then. */
async function heldDescriptor(
  bun: NonNullable<typeof bunSockets>,
  target: Target,
  address: Address,
  signal: AbortSignal,
  calls: SocketCalls,
  said: Uint8Array[],
): Promise<number> {
  const tooLate = () => timedOut(`cannot connect to ${addressText(target)} in time`);
  if (signal.aborted) throw tooLate();
  const take = (socket: BunSocket) => {
    socket.setNoDelay(true);
    if (target.keepalive) socket.setKeepAlive(true, target.keepalive * 1000);
    // The caller no longer waits for one that comes too late.
    const own = signal.aborted ? -1 : calls.duplicate(socket.fd);
    socket.close();
    if (own < 0) throw undelivered(`there is no descriptor for ${addressText(target)}`);
    return own;
  };
  const refuse = (error: unknown) => {
    throw undelivered(`cannot connect to ${addressText(target)}`, error);
  };
  const to = {
    hostname: scoped(address, target),
    port: target.port,
    socket: {
      data(_: BunSocket, bytes: Uint8Array) {
        said.push(bytes.slice());
      },
      error() {},
    },
  };
  return await abortable(bun.connect(to).then(take, refuse), signal, tooLate);
}

function connected(target: Target, address: Address, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const to = { host: scoped(address, target), port: target.port, noDelay: true };
    const socket = target.tls === undefined
      ? net().connect(to)
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
    const onAbort = () => fail(timedOut(`cannot connect to ${addressText(target)} in time`));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", (error) => {
      const looks = target.tls && foreignPeer("TLS", error.message);
      const what = looks
        ? `${addressText(target)} ${looks}`
        : `cannot connect to ${addressText(target)}`;
      fail(undelivered(what, error));
    });
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
  return tls?.serverName || (familyOf(host) === 0 ? host : undefined);
}

/** 4 or 6 of an address, 0 of a name, which cannot have a colon. */
function familyOf(host: string): 0 | 4 | 6 {
  if (host.includes(":")) return 6;
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) ? 4 : 0;
}

function scoped(address: Address, { scope }: Target): string {
  return scope && address.family === 6 && !address.address.includes("%")
    ? `${address.address}%${scope}`
    : address.address;
}
