/** A connection to MySQL or MariaDB up to the server's first packet. mysql2 takes whatever comes for packets, and prints a warning. */

import type { Socket } from "node:net";
import { badData, timedOut, undelivered } from "../../core/errors.ts";
import { looksLike } from "../../formats/peer_looks.ts";
import type { SqlSettings } from "../../ports/sql.ts";
import { net } from "../runtime/node_modules.ts";

/**
 * Length, the number 0, and version 10 of the protocol or an error.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets.html
 */
const GREETING = /^[^]{3}\0[\x0a\xff]/;
const GREETING_BYTES = 5;

/** A paused socket whose first packet is still to be read. Throws `bad-data` where the peer speaks something else. */
export function greetedSocket(
  { host, port, socket: path }: SqlSettings,
  where: string,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const late = () => timedOut(`${where} did not answer in time`, signal.reason);
    if (signal.aborted) return reject(late());
    const socket = path === "" ? net().connect(port, host) : net().connect(path);
    const settle = () => {
      signal.removeEventListener("abort", onAbort);
      socket.off("data", onData).off("error", onError).off("close", onClose);
    };
    const fail = (error: unknown) => {
      settle();
      // What a socket says after this is nobody's.
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const onAbort = () => fail(late());
    const onError = (error: Error) => fail(undelivered(`Cannot ask ${where}`, error));
    const onClose = () => fail(undelivered(`Cannot ask ${where}`, "it closes the connection"));
    let said = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      said = Buffer.concat([said, chunk]);
      if (said.length < GREETING_BYTES) return;
      const text = said.toString("latin1");
      if (!GREETING.test(text)) return fail(badData(`${where} ${looksLike(text)}`));
      settle();
      socket.pause();
      socket.unshift(said);
      resolve(socket);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("data", onData).on("error", onError).on("close", onClose);
  });
}
