/**
 * MongoDB's wire protocol, OP_MSG, for the few commands that tell how a server is. Documents by the library
 * bson; the whole driver would be 3 % of the executable.
 * Source: https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
 */

import { badData } from "../../core/errors.ts";
import type { Stream } from "../../ports/net.ts";
import type { Mongo, MongoDocument, MongoSettings } from "../../ports/mongo.ts";
import { dial } from "../net/dial.ts";
import { createScram, type Mechanism } from "../net/scram.ts";

const OP_MSG = 2013;
/** Length, number, number of the question, kind; then flags, and the kind of the one section. */
const HEADER_BYTES = 16;
const BODY_AT = HEADER_BYTES + 5;
/** The largest message of a server. */
const MAX_BYTES = 48_000_000;

type Ask = (database: string, command: MongoDocument) => Promise<MongoDocument>;
type Bson = typeof import("bson");

export const realMongo: Mongo = {
  async connect(settings, signal) {
    const bson = await import("bson");
    const { host, port, tls } = settings;
    const stream = await dial({ host, port, ...(tls && { tls: { verify: true } }) }, signal);
    const ask = asker(bson, stream, `${host}:${port}`);
    try {
      const mechanisms = `admin.${settings.user}`;
      const hello = await ask("admin", {
        hello: 1,
        ...(settings.user !== "" && { saslSupportedMechs: mechanisms }),
      });
      if (settings.user !== "") await logIn(bson, ask, settings, hello);
    } catch (error) {
      stream[Symbol.dispose]();
      throw error;
    }
    return {
      command: async (database, command) => plain(await ask(database, command)) as MongoDocument,
      [Symbol.asyncDispose]: () => Promise.resolve(stream[Symbol.dispose]()),
    };
  },
};

function asker({ serialize, deserialize }: Bson, stream: Stream, where: string): Ask {
  let waiting = Buffer.alloc(0);
  let id = 0;

  async function more(): Promise<void> {
    const bytes = await stream.read();
    if (bytes === undefined) throw badData(`${where} closes the connection`);
    waiting = Buffer.concat([waiting, bytes]);
  }

  async function message(): Promise<Uint8Array> {
    while (waiting.length < HEADER_BYTES) await more();
    const length = waiting.readInt32LE(0);
    if (length <= BODY_AT || length > MAX_BYTES || waiting.readInt32LE(12) !== OP_MSG) {
      throw badData(`${where} does not speak MongoDB's protocol`);
    }
    while (waiting.length < length) await more();
    const body = waiting.subarray(BODY_AT, length);
    waiting = waiting.subarray(length);
    return body;
  }

  return async (database, command) => {
    const body = serialize({ ...command, $db: database });
    const head = Buffer.alloc(BODY_AT);
    head.writeInt32LE(BODY_AT + body.length, 0);
    head.writeInt32LE(++id, 4);
    head.writeInt32LE(OP_MSG, 12);
    await stream.write(Buffer.concat([head, body]));
    const answer = deserialize(await message());
    if (answer.ok === 1) return answer;
    throw badData(`${where} says: ${answer.errmsg ?? "no"}`);
  };
}

async function logIn(
  { Binary }: Bson,
  ask: Ask,
  { user, password }: MongoSettings,
  { saslSupportedMechs: known }: MongoDocument,
): Promise<void> {
  const mechanisms = Array.isArray(known) ? known as string[] : [];
  const isOld = mechanisms.length > 0 && !mechanisms.includes("SCRAM-SHA-256");
  const mechanism: Mechanism = isOld ? "SCRAM-SHA-1" : "SCRAM-SHA-256";
  const scram = createScram(mechanism, user, password);
  const payload = (text: string) => new Binary(new TextEncoder().encode(text));
  const textOf = (document: MongoDocument) => {
    const { buffer } = document.payload as { buffer: Uint8Array };
    return new TextDecoder().decode(buffer);
  };
  const first = await ask("admin", {
    saslStart: 1,
    mechanism,
    payload: payload(scram.first),
    options: { skipEmptyExchange: true },
  });
  const { conversationId } = first;
  const final = await ask("admin", {
    saslContinue: 1,
    conversationId,
    payload: payload(scram.final(textOf(first))),
  });
  scram.verify(textOf(final));
  if (final.done !== true) {
    await ask("admin", { saslContinue: 1, conversationId, payload: payload("") });
  }
}

/** Without the library's own types: 64-bit numbers, decimals, times, identifiers. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return value.getTime();
  if (Array.isArray(value)) return value.map(plain);
  const { _bsontype: type } = value as { _bsontype?: string };
  if (type === undefined) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  if (type === "Timestamp") return (value as { getHighBits(): number }).getHighBits() * 1000;
  const number = Number(value);
  return Number.isNaN(number) ? String(value) : number;
}
