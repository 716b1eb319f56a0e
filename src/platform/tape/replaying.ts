/** Answers from a tape: each question gets what was answered to it then. */

import { badData, Failure, type FailureCode, noData } from "../../core/errors.ts";
import type { Host } from "../../ports/host.ts";
import type { Ldap } from "../../ports/ldap.ts";
import type { Mongo } from "../../ports/mongo.ts";
import type { Net, Stream } from "../../ports/net.ts";
import type { Snmp, SnmpValue } from "../../ports/snmp.ts";
import type { Sql } from "../../ports/sql.ts";
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
  const player = new TapePlayer(tape);
  return {
    net: replayingNet(player),
    sql: replayingSql(player),
    mongo: replayingMongo(player),
    ldap: replayingLdap(player),
    snmp: replayingSnmp(player),
  };
}

type IsIt = (exchange: Exchange) => boolean;

class TapePlayer {
  readonly #tape: () => readonly Exchange[];
  readonly #used = new WeakSet<Exchange>();

  constructor(tape: () => readonly Exchange[]) {
    this.#tape = tape;
  }

  all<E extends Exchange>(isIt: (exchange: Exchange) => exchange is E): E[] {
    return this.#tape().filter(isIt);
  }

  /** The next exchange of a question; the last one again, where it was asked more often than then. */
  take<E extends Exchange>(isIt: IsIt, what: string): E {
    const all = this.#tape().filter(isIt);
    const found = all.find((exchange) => !this.#used.has(exchange)) ?? all.at(-1);
    if (found === undefined) throw noData(`nobody answers ${what} in this recording`);
    this.#used.add(found);
    const { failed } = found;
    if (failed !== undefined) throw new Failure(failed.code as FailureCode, failed.message);
    return found as E;
  }

  /** A connection is on the tape by its questions; one that failed stands there itself. */
  connect(isQuestion: IsIt, isFailure: IsIt, what: string): void {
    if (!this.#tape().some(isQuestion)) this.take(isFailure, what);
  }
}

const refuse = () => Promise.reject(noData("there is no network in this directory"));

function replayingNet(player: TapePlayer): Net {
  return {
    connect: refuse,
    datagram: refuse,
    listen: refuse,
    serve: refuse,
    inbox: replayingInbox(player),
    httpInbox: replayingPosts(player),
    async request({ method, url, socket, body }) {
      const name = `${method} ${url}${socket === undefined ? "" : ` (${socket})`}`;
      const sent = body && decoded(body);
      const isIt = (one: Exchange) =>
        "http" in one && one.http === name &&
        (one.sent === undefined || decoded(bytesOf(one.sent)) === sent);
      const { status = 200, headers = {}, answer = [] } = player.take<HttpExchange>(isIt, name);
      return { status, headers, body: decoded(bytesOf(answer)) };
    },
    async dial(to) {
      const name = nameOf(to);
      return played(player.take<Talk>((one) => "talk" in one && one.talk === name, name));
    },
  };
}

function replayingInbox(player: TapePlayer): Net["inbox"] {
  return async (at, receive) => {
    const name = nameOf(at);
    const isIt = (one: Exchange): one is InboxExchange => "inbox" in one && one.inbox === name;
    player.take(isIt, name);
    return {
      take() {
        const datagrams = player.all(isIt)
          .flatMap(({ received = [] }) => received).map(bytesOf);
        if (receive === undefined) return { datagrams, dropped: 0 };
        datagrams.forEach((datagram) => receive(datagram));
        return { datagrams: [], dropped: 0 };
      },
      [Symbol.dispose]() {},
    };
  };
}

function replayingPosts(player: TapePlayer): Net["httpInbox"] {
  return async (at, receiver) => {
    const name = nameOf(at);
    const isIt = (one: Exchange): one is PostsExchange => "posts" in one && one.posts === name;
    player.take(isIt, name);
    return {
      take() {
        for (const { received = [] } of player.all(isIt)) {
          for (const { to, type, body } of received) {
            const [path, query = ""] = to.split("?");
            const headers = { "content-type": type };
            receiver.take({ method: "POST", path, query, headers, body: bytesOf(body) });
          }
        }
      },
      [Symbol.dispose]() {},
    };
  };
}

function replayingSql(player: TapePlayer): Sql {
  return {
    async connect(kind, { host, port, socket, database }) {
      const name = `${kind} ${socket || `${host}:${port}`} ${database}`;
      const isServer = (one: Exchange): one is SqlExchange => "sql" in one && one.sql === name;
      player.connect((one) => isServer(one) && one.query !== "", isServer, name);
      return {
        async query(query) {
          const isIt = (one: Exchange) => isServer(one) && one.query === query;
          return player.take<SqlExchange>(isIt, `${name}: ${query}`).rows ?? [];
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    },
  };
}

function replayingMongo(player: TapePlayer): Mongo {
  return {
    async connect({ host, port }) {
      const where = `${host}:${port}`;
      const isQuestion = (one: Exchange) => "mongo" in one && one.mongo.startsWith(`${where} `);
      player.connect(isQuestion, (one) => "mongo" in one && one.mongo === where, where);
      return {
        async command(database, command) {
          const [name, asked] = [`${where} ${database}`, JSON.stringify(command)];
          const isIt = (one: Exchange) =>
            "mongo" in one && one.mongo === name && JSON.stringify(one.command) === asked;
          return player.take<MongoExchange>(isIt, `${name}: ${asked}`).document ?? {};
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    },
  };
}

function replayingLdap(player: TapePlayer): Ldap {
  return {
    async connect({ host, port }) {
      const name = `${host}:${port}`;
      const isServer = (one: Exchange): one is LdapExchange => "ldap" in one && one.ldap === name;
      player.connect((one) => isServer(one) && one.base !== "", isServer, name);
      return {
        async search(base) {
          const isIt = (one: Exchange) => isServer(one) && one.base === base;
          return player.take<LdapExchange>(isIt, `${name}: ${base}`).entries ?? [];
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    },
  };
}

function replayingSnmp(player: TapePlayer): Snmp {
  return {
    async open({ host, port }) {
      const name = `${host}:${port}`;
      const answer = (key: "get" | "walk", asked: string | readonly string[]) => {
        const isIt = (one: Exchange) =>
          "snmp" in one && one.snmp === name && String(one[key]) === String(asked);
        return read(player.take<SnmpExchange>(isIt, `${name}: ${asked}`).values ?? {});
      };
      return {
        get: async (oids) => answer("get", oids),
        walk: async (oid) => answer("walk", oid),
        [Symbol.dispose]() {},
      };
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
        const said = JSON.stringify(decoded(bytes));
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

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
