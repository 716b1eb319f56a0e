/** Answers from a tape: each question gets what was answered to it then. */

import { badData, Failure, type FailureCode, noData } from "../../core/errors.ts";
import type { Host } from "../../ports/host.ts";
import type { Stream } from "../../ports/net.ts";
import type { SnmpSession, SnmpValue } from "../../ports/snmp.ts";
import type { SqlConnection } from "../../ports/sql.ts";
import { nameOf } from "./recording.ts";
import {
  bytesOf,
  type Exchange,
  type HttpExchange,
  type InboxExchange,
  type LdapExchange,
  type MongoExchange,
  type PostsExchange,
  type SnmpExchange,
  type SqlExchange,
  type Talk,
} from "./tape.ts";

type Asking = Pick<Host, "net" | "sql" | "snmp" | "mongo" | "ldap">;

/** `tape` is asked at each question: it changes from round to round. */
export function replayingPorts(tape: () => readonly Exchange[]): Asking {
  const used = new WeakMap<Exchange, true>();

  /** The next exchange of this question; the last one again, where it was asked more often than then. */
  function take<E extends Exchange>(isIt: (exchange: Exchange) => boolean, what: string): E {
    const all = tape().filter(isIt);
    const found = all.find((exchange) => !used.has(exchange)) ?? all.at(-1);
    if (found === undefined) throw noData(`nobody answers ${what} in this recording`);
    used.set(found, true);
    const { failed } = found;
    if (failed !== undefined) throw new Failure(failed.code as FailureCode, failed.message);
    return found as E;
  }

  const refuse = () => Promise.reject(noData("there is no network in this directory"));
  return {
    net: {
      connect: refuse,
      datagram: refuse,
      listen: refuse,
      async inbox(at, receive) {
        const name = nameOf(at);
        const isIt = (one: Exchange) => "inbox" in one && one.inbox === name;
        take(isIt, name);
        return {
          take() {
            const received = tape().flatMap((one) =>
              isIt(one) ? (one as InboxExchange).received ?? [] : []
            );
            const datagrams = received.map(bytesOf);
            if (receive === undefined) return { datagrams, dropped: 0 };
            datagrams.forEach((datagram) => receive(datagram));
            return { datagrams: [], dropped: 0 };
          },
          [Symbol.dispose]() {},
        };
      },
      async httpInbox(at, receiver) {
        const name = nameOf(at);
        const isIt = (one: Exchange) => "posts" in one && one.posts === name;
        take(isIt, name);
        return {
          take() {
            for (const exchange of tape().filter(isIt)) {
              for (const { to, type, body } of (exchange as PostsExchange).received ?? []) {
                const [path, query = ""] = to.split("?");
                const headers = { "content-type": type };
                receiver.take({ method: "POST", path, query, headers, body: bytesOf(body) });
              }
            }
          },
          [Symbol.dispose]() {},
        };
      },
      serve: refuse,
      async request({ method, url, socket, body }) {
        const name = `${method} ${url}${socket === undefined ? "" : ` (${socket})`}`;
        const sent = body === undefined ? undefined : new TextDecoder().decode(body);
        const isIt = (one: Exchange) =>
          "http" in one && one.http === name &&
          (one.sent === undefined || new TextDecoder().decode(bytesOf(one.sent)) === sent);
        const { status = 200, headers = {}, answer = [] } = take<HttpExchange>(isIt, name);
        return { status, headers, body: new TextDecoder().decode(bytesOf(answer)) };
      },
      async dial(to) {
        const name = nameOf(to);
        return played(take<Talk>((one) => "talk" in one && one.talk === name, name));
      },
    },
    sql: {
      async connect(kind, { host, port, socket, database }) {
        const name = `${kind} ${socket || `${host}:${port}`} ${database}`;
        const isServer = (one: Exchange) => "sql" in one && one.sql === name;
        if (!tape().some((one) => isServer(one) && (one as SqlExchange).query !== "")) {
          take(isServer, name);
        }
        return {
          async query(query) {
            const isIt = (one: Exchange) => isServer(one) && (one as SqlExchange).query === query;
            return take<SqlExchange>(isIt, `${name}: ${query}`).rows ?? [];
          },
          [Symbol.asyncDispose]: () => Promise.resolve(),
        } satisfies SqlConnection;
      },
    },
    mongo: {
      async connect({ host, port }) {
        const where = `${host}:${port}`;
        if (!tape().some((one) => "mongo" in one && one.mongo.startsWith(`${where} `))) {
          take((one) => "mongo" in one && one.mongo === where, where);
        }
        return {
          async command(database, command) {
            const [name, asked] = [`${where} ${database}`, JSON.stringify(command)];
            const isIt = (one: Exchange) =>
              "mongo" in one && one.mongo === name && JSON.stringify(one.command) === asked;
            return take<MongoExchange>(isIt, `${name}: ${asked}`).document ?? {};
          },
          [Symbol.asyncDispose]: () => Promise.resolve(),
        };
      },
    },
    ldap: {
      async connect({ host, port }) {
        const name = `${host}:${port}`;
        const isServer = (one: Exchange) => "ldap" in one && one.ldap === name;
        if (!tape().some((one) => isServer(one) && (one as LdapExchange).base !== "")) {
          take(isServer, name);
        }
        return {
          async search(base) {
            const isIt = (one: Exchange) => isServer(one) && (one as LdapExchange).base === base;
            return take<LdapExchange>(isIt, `${name}: ${base}`).entries ?? [];
          },
          [Symbol.asyncDispose]: () => Promise.resolve(),
        };
      },
    },
    snmp: {
      async open({ host, port }) {
        const name = `${host}:${port}`;
        const answer = (key: "get" | "walk", asked: string | readonly string[]) => {
          const isIt = (one: Exchange) =>
            "snmp" in one && one.snmp === name && String(one[key]) === String(asked);
          return read(take<SnmpExchange>(isIt, `${name}: ${asked}`).values ?? {});
        };
        return {
          get: async (oids) => answer("get", oids),
          walk: async (oid) => answer("walk", oid),
          [Symbol.dispose]() {},
        } satisfies SnmpSession;
      },
    },
  };
}

/** A conversation that goes as it went: what is sent must be what was sent then. */
function played({ talk, steps }: Talk): Stream {
  let at = 0;
  return {
    async write(bytes) {
      const step = steps[at];
      const expected = step !== undefined && "send" in step ? bytesOf(step.send) : undefined;
      if (expected === undefined || Buffer.compare(expected, bytes) !== 0) {
        const said = JSON.stringify(new TextDecoder().decode(bytes));
        throw badData(`${talk} was not asked ${said} when it was recorded`);
      }
      at++;
    },
    async read() {
      const step = steps[at];
      if (step === undefined || !("receive" in step)) return undefined;
      at++;
      return bytesOf(step.receive);
    },
    [Symbol.dispose]() {},
  };
}

function read(values: Readonly<Record<string, number | string>>): Map<string, SnmpValue> {
  return new Map(
    Object.entries(values).map(([oid, value]) => [
      oid,
      typeof value === "string" && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
    ]),
  );
}
