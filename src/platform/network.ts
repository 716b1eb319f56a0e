/** TCP and UDP. Names are resolved at each connect, and every address is tried in turn. */

import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import process from "node:process";
import { directWrite } from "./direct_write.ts";
import { createRequester, listenHttp } from "./http.ts";
import { createSendQueues, type SendQueues } from "./send_queue.ts";
import { secureContext } from "./tls.ts";
import { timedOut, undelivered } from "../core/errors.ts";
import type { Connection, Datagrams, Net, Target } from "../core/host.ts";

const CLOSE_MS = 5000;

interface Address {
  readonly address: string;
  readonly family: number;
}

/** Made with the first connection: most commands have none. */
let queues: SendQueues | undefined;

export const realNet: Net = {
  async connect(target, signal) {
    queues ??= createSendQueues();
    await queues.ready;
    let failure: unknown;
    for (const address of await addressesOf(target, signal)) {
      try {
        return connectionOf(await connected(target, address, signal), target, queues);
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  },

  async datagram(target, signal) {
    const [address] = await addressesOf(target, signal);
    const socket = createSocket(address.family === 6 ? "udp6" : "udp4");
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
      lookup(host, { all: true, family, order: "verbatim" }),
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
      resolve(socket);
    });
  });
}

/** The name that the certificate is to have; an address is looked for among its addresses. */
function nameOf({ host, tls }: Target): string | undefined {
  return tls?.serverName || (isIP(host) === 0 ? host : undefined);
}

function connectionOf(socket: Socket, target: Target, queues: SendQueues): Connection {
  let state: Connection["state"] = "open";
  let failure: unknown;
  const waiting = new Set<(error?: Error) => void>();
  const ended = (how: "ended" | "broken", error?: unknown) => {
    // An error may follow an end; what was sent before it may be lost after all.
    if (state !== "broken") state = how;
    failure ??= error;
    for (const wake of waiting) {
      wake(undelivered(`The connection to ${show(target)} broke`, failure));
    }
    waiting.clear();
  };
  if (target.keepalive) socket.setKeepAlive(true, target.keepalive * 1000);
  socket.on("error", (error) => ended("broken", error));
  socket.on("close", () => ended(state === "ended" ? "ended" : "broken"));
  // What the peer says is not for us; but its end must be read to be seen.
  socket.on("data", () => {});
  socket.on("end", () => ended("ended", "the peer closed it"));

  return {
    get state() {
      return state;
    },
    unacknowledged: () => queues.of(socket),
    write(bytes, signal) {
      if (state !== "open") {
        throw undelivered(`The connection to ${show(target)} is closed`, failure);
      }
      const taken = directWrite(socket, bytes);
      if (taken === bytes.length) return;
      return new Promise<void>((resolve, reject) => {
        const settle = (error?: Error | null) => {
          waiting.delete(settle);
          signal.removeEventListener("abort", onAbort);
          if (error) reject(error);
          else resolve();
        };
        const onAbort = () =>
          settle(timedOut(`${show(target)} does not read: ${bytes.length} bytes are stuck`));
        waiting.add(settle);
        signal.addEventListener("abort", onAbort, { once: true });
        socket.write(
          bytes.subarray(taken),
          (error) =>
            settle(error ? undelivered(`Cannot write to ${show(target)}`, error) : undefined),
        );
      });
    },
    close() {
      return new Promise<boolean>((resolve) => {
        if (state !== "open") {
          const orderly = state === "ended";
          socket.destroy();
          return resolve(orderly);
        }
        // A peer that never closes its side must not keep the descriptor.
        const late = setTimeout(() => {
          resolve(queues.of(socket) === 0);
          socket.destroy();
        }, CLOSE_MS);
        late.unref();
        socket.once("close", () => {
          clearTimeout(late);
          resolve(state === "ended");
        });
        socket.end();
      });
    },
    destroy() {
      state = "broken";
      // A reset frees what the kernel still holds for a peer that does not read.
      if (target.tls === undefined) socket.resetAndDestroy();
      else socket.destroy();
    },
  };
}

function scoped(address: Address, { scope }: Target): string {
  return scope && address.family === 6 && !address.address.includes("%")
    ? `${address.address}%${scope}`
    : address.address;
}

function show({ host, port }: Target): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
