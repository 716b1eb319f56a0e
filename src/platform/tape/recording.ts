/** Keeps on a tape what is asked through these ports, and what is answered. */

import { codeOf, messageOf } from "../../core/errors.ts";
import type { Host } from "../../ports/host.ts";
import type { Address, Net, Stream } from "../../ports/net.ts";
import type { Ldap } from "../../ports/ldap.ts";
import type { Mongo } from "../../ports/mongo.ts";
import type { Snmp, SnmpSession, SnmpValue } from "../../ports/snmp.ts";
import type { Sql, SqlConnection } from "../../ports/sql.ts";
import { type Exchange, type Posted, type Step, textOf } from "./tape.ts";

/** Of an answer's headers, the ones that collectors look at. */
const KEPT_HEADERS = ["content-type", "location", "www-authenticate"];

/** `keep` is called again with the same exchange whenever it has grown. */
type Keep = (exchange: Exchange) => void;

type Asking = Pick<Host, "net" | "sql" | "snmp" | "mongo" | "ldap">;

export function recordingPorts({ net, sql, snmp, mongo, ldap }: Asking, keep: Keep): Asking {
  return {
    net: {
      ...net,
      request: recordingRequest(net, keep),
      dial: recordingDial(net, keep),
      inbox: recordingInbox(net, keep),
      httpInbox: recordingPosts(net, keep),
    },
    sql: recordingSql(sql, keep),
    snmp: recordingSnmp(snmp, keep),
    mongo: recordingMongo(mongo, keep),
    ldap: recordingLdap(ldap, keep),
  };
}

/** Runs a question and keeps what came of it, failures too. */
async function kept<T>(
  ask: () => Promise<T>,
  tell: (answer: T) => void,
  fail: (failed: Failed) => void,
): Promise<T> {
  try {
    const answer = await ask();
    tell(answer);
    return answer;
  } catch (error) {
    fail({ failed: { code: codeOf(error) ?? "bad-data", message: messageOf(error) } });
    throw error;
  }
}
interface Failed {
  readonly failed: { readonly code: string; readonly message: string };
}

function recordingRequest(net: Net, keep: Keep): Net["request"] {
  return (request, signal) => {
    const { method, url, socket, body } = request;
    const asked = {
      http: `${method} ${url}${socket === undefined ? "" : ` (${socket})`}`,
      ...(body !== undefined && { sent: textOf(body) }),
    };
    return kept(() => net.request(request, signal), ({ status, headers, body: answer }) => {
      const some = Object.entries(headers).filter(([name]) => KEPT_HEADERS.includes(name));
      keep({
        ...asked,
        status,
        headers: Object.fromEntries(some),
        answer: answer.split("\n"),
      });
    }, (failed) => keep({ ...asked, ...failed }));
  };
}

function recordingDial(net: Net, keep: Keep): Net["dial"] {
  return async (to, signal) => {
    const steps: Step[] = [];
    const talk = { talk: nameOf(to), steps };
    const add = (step: Step) => {
      steps.push(step);
      keep(talk);
    };
    const stream = await kept(
      () => net.dial(to, signal),
      () => keep(talk),
      (failed) => keep({ ...talk, ...failed }),
    );
    return {
      async read() {
        const bytes = await stream.read();
        if (bytes !== undefined) add({ receive: textOf(bytes) });
        return bytes;
      },
      async write(bytes) {
        await stream.write(bytes);
        add({ send: textOf(bytes) });
      },
      [Symbol.dispose]: () => stream[Symbol.dispose](),
    } satisfies Stream;
  };
}

/** The same one is recorded in each round: it stays open. */
function recordingInbox(net: Net, keep: Keep): Net["inbox"] {
  return async (at, receive) => {
    const name = nameOf(at);
    const inbox = await kept(
      () => net.inbox(at),
      () => keep({ inbox: name, received: [] }),
      (failed) => keep({ inbox: name, ...failed }),
    );
    return {
      take() {
        const taken = inbox.take();
        keep({ inbox: name, received: taken.datagrams.map(textOf) });
        if (receive === undefined) return taken;
        taken.datagrams.forEach((datagram) => receive(datagram));
        return { datagrams: [], dropped: taken.dropped };
      },
      [Symbol.dispose]: () => inbox[Symbol.dispose](),
    };
  };
}

function recordingPosts(net: Net, keep: Keep): Net["httpInbox"] {
  return async (at, receiver) => {
    const posts = nameOf(at);
    let received: Posted[] = [];
    const inbox = await kept(
      () =>
        net.httpInbox(at, {
          ...receiver,
          take(request) {
            const { method, path, query, headers, body } = request;
            const type = headers["content-type"] ?? "";
            if (method === "POST") {
              received.push({ to: `${path}${query && `?${query}`}`, type, body: textOf(body) });
            }
            return receiver.take(request);
          },
        }),
      () => keep({ posts, received }),
      (failed) => keep({ posts, ...failed }),
    );
    return {
      take() {
        keep({ posts, received });
        received = [];
      },
      [Symbol.dispose]: () => inbox[Symbol.dispose](),
    };
  };
}

export function nameOf(to: Address): string {
  return "path" in to ? to.path : `${to.host}:${to.port}`;
}

function recordingSql(sql: Sql, keep: Keep): Sql {
  return {
    async connect(kind, settings, signal) {
      const { host, port, socket, database } = settings;
      const name = `${kind} ${socket || `${host}:${port}`} ${database}`;
      const connection = await kept(
        () => sql.connect(kind, settings, signal),
        () => {},
        (failed) => keep({ sql: name, query: "", ...failed }),
      );
      return {
        query: (query) =>
          kept(
            () => connection.query(query),
            (rows) => keep({ sql: name, query, rows }),
            (failed) => keep({ sql: name, query, ...failed }),
          ),
        [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
      } satisfies SqlConnection;
    },
  };
}

function recordingSnmp(snmp: Snmp, keep: Keep): Snmp {
  return {
    async open(device, signal) {
      const session = await snmp.open(device, signal);
      const name = `${device.host}:${device.port}`;
      const record = (
        asked: { get: readonly string[] } | { walk: string },
        ask: () => Promise<ReadonlyMap<string, SnmpValue>>,
      ) =>
        kept(
          ask,
          (values) => keep({ snmp: name, ...asked, values: written(values) }),
          (failed) => keep({ snmp: name, ...asked, ...failed }),
        );
      return {
        get: (oids) => record({ get: oids }, () => session.get(oids)),
        walk: (oid) => record({ walk: oid }, () => session.walk(oid)),
        [Symbol.dispose]: () => session[Symbol.dispose](),
      } satisfies SnmpSession;
    },
  };
}

function recordingMongo(mongo: Mongo, keep: Keep): Mongo {
  return {
    async connect(settings, signal) {
      const where = `${settings.host}:${settings.port}`;
      const connection = await kept(
        () => mongo.connect(settings, signal),
        () => {},
        (failed) => keep({ mongo: where, command: {}, ...failed }),
      );
      return {
        command: (database, command) =>
          kept(
            () => connection.command(database, command),
            (document) => keep({ mongo: `${where} ${database}`, command, document }),
            (failed) => keep({ mongo: `${where} ${database}`, command, ...failed }),
          ),
        [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
      };
    },
  };
}

function recordingLdap(ldap: Ldap, keep: Keep): Ldap {
  return {
    async connect(settings, signal) {
      const name = `${settings.host}:${settings.port}`;
      const connection = await kept(
        () => ldap.connect(settings, signal),
        () => {},
        (failed) => keep({ ldap: name, base: "", ...failed }),
      );
      return {
        search: (base, attributes) =>
          kept(
            () => connection.search(base, attributes),
            (entries) => keep({ ldap: name, base, entries }),
            (failed) => keep({ ldap: name, base, ...failed }),
          ),
        [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
      };
    },
  };
}

function written(values: ReadonlyMap<string, SnmpValue>): Record<string, number | string> {
  return Object.fromEntries(
    [...values].map(([oid, value]) => [oid, typeof value === "bigint" ? `${value}n` : value]),
  );
}
