/**
 * The connection below a database's library. The libraries connect again and again, wait for what never
 * comes, and take anything for an answer: here it is one attempt, one deadline, and a look at the first bytes.
 */

import type { Socket } from "node:net";
import { badData, undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import { looksLike } from "../../formats/peer_looks.ts";
import type { SqlSettings } from "../../ports/sql.ts";
import { net } from "../runtime/node_modules.ts";

type SqlAddress = Pick<SqlSettings, "host" | "port" | "socket">;

/** Connected. The signal destroys it. Throws `undelivered`. */
export function openSocket(to: SqlAddress, signal: AbortSignal): Promise<Socket> {
  const { host, port, socket: path } = to;
  return new Promise((resolve, reject) => {
    const socket = path === "" ? net().connect({ host, port }) : net().connect({ path });
    const abandon = () => void socket.destroy();
    if (signal.aborted) abandon();
    signal.addEventListener("abort", abandon, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", abandon));
    // The listener stays: later errors reach whoever reads.
    socket.on(
      "error",
      (error) => reject(undelivered(`cannot connect to ${addressText(to)}`, error)),
    );
    socket.once("connect", () => resolve(socket));
  });
}

/** Waits for the first bytes of a server that speaks first, and leaves them to be read. Throws where it closes. */
export function firstBytes(socket: Socket, count: number, where: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = Buffer.alloc(0);
    const look = (chunk: Uint8Array) => {
      said = Buffer.concat([said, chunk]);
      if (said.length < count) return;
      stop();
      socket.pause();
      socket.unshift(said);
      resolve(latin1(said));
    };
    const lost = () => {
      stop();
      reject(closedEarly(where));
    };
    const stop = () => void socket.off("data", look).off("close", lost);
    socket.on("data", look).on("close", lost);
  });
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 200)).toString(
    "latin1",
  );
}

export function closedEarly(where: string): Error {
  return undelivered(`${where} closes the connection without an answer`);
}

/** Somebody else's port. */
export function mistaken(where: string, said: string): Error {
  return badData(`${where} ${looksLike(said)}`);
}
