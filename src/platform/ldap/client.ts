/**
 * LDAP by ldapts: BER, StartTLS and the messages are a protocol of their own. It is pure JavaScript, kept since
 * 2018.
 */

import type { Socket } from "node:net";
import { badData, codeOf, messageOf, timedOut, undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import type { Ldap, LdapEntry } from "../../ports/ldap.ts";
import { abortable } from "../net/abortable.ts";
import { namedPeer, secureContext } from "../net/tls.ts";
import { closedEarly, openSocket } from "../sql/socket.ts";

const CLOSED = /^Connection closed before message response|ECONNRESET|EPIPE/;

type Entries = Awaited<ReturnType<import("ldapts").Client["search"]>>["searchEntries"];

export const ldapClient: Ldap = {
  async connect(settings, signal) {
    const { Client, ResultCodeError } = await import("ldapts");
    const { host, port, user, password, tls } = settings;
    const where = addressText(settings);
    const socket = await openSocket({ host, port, socket: "" }, signal);
    const client = new Client({ url: `ldap://${where}`, strictDN: false, ...once(socket, where) });
    const within = async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await abortable(work(), signal, () => timedOut(`${where} did not answer in time`));
      } catch (error) {
        if (codeOf(error) !== undefined) throw error;
        if (CLOSED.test(messageOf(error))) throw closedEarly(where);
        if (!(error instanceof ResultCodeError)) throw undelivered(`cannot ask ${where}`, error);
        throw badData(`${where} says: ${said(messageOf(error), error.name)}`);
      }
    };
    try {
      if (tls !== undefined) {
        const peer = namedPeer(tls.serverName || host);
        await within(() => client.startTLS({ ...secureContext(tls), ...peer }));
      }
      await within(() => client.bind(user, password));
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return {
      async search(base, attributes) {
        const asked = { scope: "sub" as const, attributes: [...attributes] };
        return entriesOf((await within(() => client.search(base, asked))).searchEntries);
      },
      async [Symbol.asyncDispose]() {
        await client.unbind().catch(() => {});
        socket.destroy();
      },
    };
  },
};

/** The library would connect again, without encryption and without a deadline. */
function once(socket: Socket, where: string): { createConnection: () => Socket } {
  let used = false;
  return {
    createConnection() {
      if (used) throw undelivered(`${where} closes the connection`);
      used = true;
      return socket;
    },
  };
}

function entriesOf(entries: Entries): LdapEntry[] {
  return entries.map(({ dn, ...attributes }) => ({
    name: dn.toLowerCase(),
    values: Object.fromEntries(
      Object.entries(attributes).flatMap(([name, value]) => {
        const first = Array.isArray(value) ? value[0] : value;
        return first === undefined ? [] : [[name, String(first)]];
      }),
    ),
  }));
}

/** Servers say little: `Code: 0x31` alone is InvalidCredentialsError. */
function said(message: string, name: string): string {
  const words = message.replace(/\s*Code: 0x[\da-f]+$/i, "").trim();
  return words || name.replace(/Error$/, "").replace(/\B[A-Z]/g, " $&").toLowerCase();
}
