/** What a producer asks a Kafka, and what it answers. Source: https://kafka.apache.org/protocol#protocol_messages */

import { badData } from "../core/errors.ts";
import { KafkaReader, KafkaWriter } from "./kafka_wire.ts";

/** A request's number and the versions of it that are spoken here: all of Kafka's from 0.11 to 4 have one of them. */
export interface Api {
  readonly name: string;
  readonly key: number;
  readonly min: number;
  readonly max: number;
}

export const API = {
  produce: { name: "Produce", key: 0, min: 3, max: 7 },
  metadata: { name: "Metadata", key: 3, min: 2, max: 4 },
  saslHandshake: { name: "SaslHandshake", key: 17, min: 1, max: 1 },
  versions: { name: "ApiVersions", key: 18, min: 0, max: 0 },
  producerId: { name: "InitProducerId", key: 22, min: 0, max: 1 },
  saslAuthenticate: { name: "SaslAuthenticate", key: 36, min: 0, max: 1 },
} satisfies Record<string, Api>;

/** All replicas that are in sync. */
const ALL = -1;
const MAX_PORT = 65_535;
const CLIENT = "diamond-agent";

export function requestBytes(
  { key }: Api,
  version: number,
  id: number,
  body: Uint8Array,
): Uint8Array {
  const head = new KafkaWriter().int16(key).int16(version).int32(id).string(CLIENT);
  return new KafkaWriter().block(head.raw(body).bytes).bytes;
}

/** The versions that a broker speaks, by the request's number. */
export function readVersions(
  answer: KafkaReader,
): { code: number; versions: Map<number, readonly [min: number, max: number]> } {
  const code = answer.int16();
  const rows = answer.array(() =>
    [answer.int16(), [answer.int16(), answer.int16()] as const] as const
  );
  return { code, versions: new Map(rows) };
}

export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface Cluster {
  /** By their numbers. */
  readonly brokers: ReadonlyMap<number, Place>;
  /** What is wrong with the topic; 0: nothing. */
  readonly code: number;
  /** By the partition's number: its leader, -1 where it has none. */
  readonly leaders: ReadonlyMap<number, number>;
}

/** A topic that is missing stays so: how many partitions and copies it is to have is for people to say. */
export function metadataRequest(topic: string, version: number): Uint8Array {
  const writer = new KafkaWriter().int32(1).string(topic);
  return (version >= 4 ? writer.int8(0) : writer).bytes;
}

export function readMetadata(answer: KafkaReader, version: number): Cluster {
  if (version >= 3) answer.int32();
  const brokers = answer.array(() => {
    const id = answer.int32();
    const place = { host: answer.string() ?? "", port: answer.int32() };
    answer.string();
    if (place.host === "" || place.port < 1 || place.port > MAX_PORT) {
      throw badData(`a broker of the Kafka is at "${place.host}:${place.port}"`);
    }
    return [id, place] as const;
  });
  answer.string();
  answer.int32();
  const [topic] = answer.array(() => {
    const code = answer.int16();
    answer.string();
    answer.skip(1);
    const leaders = answer.array(() => {
      answer.int16();
      const leader = [answer.int32(), answer.int32()] as const;
      for (const _ of ["replicas", "in sync"]) answer.array(() => answer.int32());
      return leader;
    });
    return { code, leaders: new Map(leaders) };
  });
  return { brokers: new Map(brokers), ...topic };
}

/** Of no transaction. */
export function producerIdRequest(): Uint8Array {
  return new KafkaWriter().string(null).int32(0).bytes;
}

export function readProducerId(answer: KafkaReader): { code: number; id: bigint; epoch: number } {
  answer.int32();
  return { code: answer.int16(), id: answer.int64(), epoch: answer.int16() };
}

interface PartitionRecords {
  readonly partition: number;
  readonly records: Uint8Array;
}

export function produceRequest(
  topic: string,
  timeoutMs: number,
  parts: readonly PartitionRecords[],
): Uint8Array {
  return new KafkaWriter().string(null).int16(ALL).int32(timeoutMs)
    .array(
      [topic],
      (writer) =>
        writer.string(topic).array(
          parts,
          (_, { partition, records }) => writer.int32(partition).block(records),
        ),
    )
    .bytes;
}

/** Error codes by partition. */
export function readProduce(answer: KafkaReader, version: number): Map<number, number> {
  const topics = answer.array(() => {
    answer.string();
    return answer.array(() => {
      const row = [answer.int32(), answer.int16()] as const;
      answer.skip(version >= 5 ? 24 : 16);
      return row;
    });
  });
  return new Map(topics.flat());
}

export function saslHandshakeRequest(mechanism: string): Uint8Array {
  return new KafkaWriter().string(mechanism).bytes;
}

export function readSaslHandshake(answer: KafkaReader): { code: number; mechanisms: string[] } {
  return { code: answer.int16(), mechanisms: answer.array(() => answer.string() ?? "") };
}

export function saslAuthenticateRequest(bytes: Uint8Array): Uint8Array {
  return new KafkaWriter().block(bytes).bytes;
}

export function readSaslAuthenticate(answer: KafkaReader): { code: number; bytes: Uint8Array } {
  const code = answer.int16();
  answer.string();
  return { code, bytes: answer.block() };
}
