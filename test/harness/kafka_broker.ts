/**
 * One broker of a Kafka that keeps the rules of sequence numbers, knows who may log in, and does wrong what a test wants.
 * Source: https://kafka.apache.org/protocol, and org.apache.kafka.storage.internals.log.ProducerAppendInfo
 */

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { gunzipSync } from "node:zlib";
import { KafkaReader, KafkaWriter } from "../../src/formats/kafka_wire.ts";
import { scramSteps } from "./scram.ts";

export const CODES = {
  notLeader: 6,
  tooLarge: 10,
  missing: 3,
  notEnoughReplicas: 19,
  notAuthorized: 29,
  outOfOrder: 45,
} as const;

interface Settings {
  readonly tls?: TlsOptions;
  readonly login?: { readonly user: string; readonly password: string };
  readonly partitions?: number;
}

/** What is known of a producer in a partition: the batches that came last. */
interface Batch {
  readonly first: number;
  readonly count: number;
}

const BROKER = 7;
const KEPT_BATCHES = 5;
const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

export async function kafkaBroker({ tls, login, partitions = 1 }: Settings = {}) {
  const sockets = new Set<Socket>();
  const log: { partition: number; text: string }[] = [];
  const codes: number[] = [];
  let producers = new Map<string, Batch[]>();
  let created = 0;
  const state = {
    port: 0,
    /** Where clients are sent; 0: here. */
    advertised: 0,
    hasTopic: true,
    namesBroker: true,
    partitions,
    /** Batches that it takes without an answer: it resets the connection. */
    swallows: 0,
    /** It is too large. */
    refuses: undefined as RegExp | undefined,
    texts: () => log.map(({ text }) => text),
    taken: () => log.flatMap(({ text }) => text.match(/p\d{5}x/g) ?? []),
    /** The next batches get these codes. */
    answers: (...next: number[]) => void codes.push(...next),
    forgetProducers: () => void (producers = new Map()),
    /** Connections end, and nothing listens until `begin`: what is kept is kept. */
    async end(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
    begin: () => listen(server, state.port),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };

  function append(partition: number, bytes: Buffer): number {
    const batch = readBatch(bytes);
    const code = codes.shift() ?? 0;
    if (code !== 0) return code;
    if (batch.records.some((text) => state.refuses?.test(text))) return CODES.tooLarge;
    const name = `${batch.producer} ${partition}`;
    const known = producers.get(name) ?? [];
    const { first, count } = batch;
    if (known.some((one) => one.first === first && one.count === count)) return 0;
    const last = known.at(-1);
    if (first !== (last === undefined ? 0 : last.first + last.count)) return CODES.outOfOrder;
    producers.set(name, [...known, { first, count }].slice(-KEPT_BATCHES));
    log.push(...batch.records.map((text) => ({ partition, text })));
    return 0;
  }

  /** Undefined: the connection is ended. */
  const apis: Record<number, (request: KafkaReader, session: Session) => KafkaWriter | undefined> =
    {
      [0](request) {
        request.string();
        request.skip(6);
        const topics = request.array(() => ({
          topic: request.string(),
          rows: request.array(() => [request.int32(), Buffer.from(request.block())] as const),
        }));
        const answer = new KafkaWriter().array(
          topics,
          (writer, { topic, rows }) =>
            writer.string(topic).array(
              rows,
              (_, [partition, bytes]) =>
                writer.int32(partition).int16(append(partition, bytes)).int64(0n).int64(-1n).int64(
                  0n,
                ),
            ),
        );
        if (state.swallows === 0) return answer.int32(0);
        state.swallows--;
        return undefined;
      },
      [3](request, session) {
        if (login !== undefined && !session.isIn) return undefined;
        const [topic] = request.array(() => request.string());
        const port = state.advertised || state.port;
        const numbers = Array.from(
          { length: state.hasTopic ? state.partitions : 0 },
          (_, index) => index,
        );
        return new KafkaWriter().int32(0)
          .array(
            state.namesBroker ? [BROKER] : [],
            (writer, id) => writer.int32(id).string("127.0.0.1").int32(port).string(null),
          )
          .string("cluster").int32(BROKER)
          .array(
            [topic],
            (writer, name) =>
              writer.int16(state.hasTopic ? 0 : CODES.missing).string(name).int8(0)
                .array(
                  numbers,
                  (_, number) =>
                    writer.int16(0).int32(number).int32(BROKER).int32(1).int32(BROKER).int32(0),
                ),
          );
      },
      [17](request, session) {
        const mechanism = session.mechanism = request.string() ?? "";
        const isKnown = login !== undefined && MECHANISMS.includes(mechanism);
        const answer = new KafkaWriter().int16(isKnown ? 0 : 33);
        return answer.array(MECHANISMS, (_, name) => void answer.string(name));
      },
      [18](_, { version }) {
        const versions = [[0, 0, 7], [1, 0, 4], [3, 0, 4], [17, 0, 1], [18, 0, 3], [22, 0, 1], [
          36,
          0,
          1,
        ]];
        if (version < 3) {
          return new KafkaWriter().int16(0).array(
            versions,
            (writer, [api, min, max]) => writer.int16(api).int16(min).int16(max),
          );
        }
        const writer = new KafkaWriter().int16(0).int8(versions.length + 1);
        for (const [api, min, max] of versions) writer.int16(api).int16(min).int16(max).int8(0);
        return writer.int32(0).int8(0);
      },
      [22]: () => new KafkaWriter().int32(0).int16(0).int64(BigInt(++created)).int16(0),
      [36](request, session) {
        const text = Buffer.from(request.block()).toString();
        const said = logIn(session, text);
        session.isIn ||= said !== undefined && (session.mechanism === "PLAIN" || said[0] === "v");
        return new KafkaWriter().int16(said === undefined ? 58 : 0).string(
          said === undefined ? text : null,
        )
          .block(Buffer.from(said ?? "")).int64(0n);
      },
    };

  function logIn(session: Session, text: string): string | undefined {
    const { user, password } = login!;
    if (session.mechanism === "PLAIN") return text === `\0${user}\0${password}` ? "" : undefined;
    const hash = session.mechanism === "SCRAM-SHA-512" ? "sha512" : "sha256";
    session.scram ??= scramSteps(hash, password);
    return text.startsWith("n,,") ? session.scram.begin(text) : session.scram.end(text);
  }

  const take = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    const session: Session = { version: 0, mechanism: "", isIn: false };
    let waiting = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      waiting = Buffer.concat([waiting, chunk as Uint8Array]);
      while (waiting.length >= 4 && waiting.length >= 4 + waiting.readInt32BE(0)) {
        const end = 4 + waiting.readInt32BE(0);
        const request = new KafkaReader(waiting.subarray(4, end));
        waiting = waiting.subarray(end);
        const key = request.int16();
        const version = request.int16();
        const id = request.int32();
        request.string();
        session.version = version;
        const answer = apis[key](request, session);
        if (answer === undefined) return socket.destroy();
        socket.write(
          new KafkaWriter().block(new KafkaWriter().int32(id).raw(answer.bytes).bytes).bytes,
        );
      }
    });
  };
  const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  state.port = await listen(server, 0);
  return state;
}

interface Session {
  /** Of the request that is answered. */
  version: number;
  mechanism: string;
  isIn: boolean;
  scram?: ReturnType<typeof scramSteps>;
}

/** Source: https://kafka.apache.org/documentation/#recordbatch */
function readBatch(bytes: Buffer) {
  const [attributes, count] = [bytes.readInt16BE(21), bytes.readInt32BE(57)];
  const data = attributes === 1 ? gunzipSync(bytes.subarray(61)) : bytes.subarray(61);
  let at = 0;
  const varint = () => {
    let [value, shift] = [0, 1];
    for (let byte = 128; byte >= 128; shift *= 128) {
      byte = data[at++];
      value += (byte & 127) * shift;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const block = () => {
    const length = varint();
    return length < 0 ? "" : data.toString("utf8", at, at += length);
  };
  const records = Array.from({ length: count }, () => {
    varint();
    at++;
    varint();
    varint();
    block();
    const text = block();
    varint();
    return text;
  });
  return {
    producer: bytes.readBigInt64BE(43),
    first: bytes.readInt32BE(53),
    count,
    records,
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
