/**
 * A batch of records as Kafka keeps it, version 2, and the partition that a key belongs to.
 * Source: https://kafka.apache.org/documentation/#recordbatch
 */

import type { Message } from "../ports/brokers.ts";
import { KafkaWriter } from "./kafka_wire.ts";

export interface Producer {
  readonly id: bigint;
  readonly epoch: number;
}

const VERSION = 2;
const GZIP = 1;
/** Of CRC-32C, its bits in reverse. Source: RFC 3720, section 12.1 */
const POLYNOMIAL = 0x82f63b78;
const encoder = new TextEncoder();

/** `pack`: gzip, where what is sent is to be packed. `sequence`: the number of its first record. */
export function recordBatch(
  messages: readonly Message[],
  { id, epoch }: Producer,
  sequence: number,
  pack?: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const times = messages.map(({ time = 0 }) => time * 1000);
  const [first, last] = [times[0], times.reduce((a, b) => Math.max(a, b))];
  const records = new KafkaWriter();
  for (const [index, message] of messages.entries()) {
    records.varBlock(record(message, index, times[index] - first));
  }
  const checked = new KafkaWriter()
    .int16(pack === undefined ? 0 : GZIP)
    .int32(messages.length - 1)
    .int64(BigInt(first))
    .int64(BigInt(last))
    .int64(id)
    .int16(epoch)
    .int32(sequence)
    .int32(messages.length)
    .raw(pack?.(records.bytes) ?? records.bytes)
    .bytes;
  const rest = new KafkaWriter().int32(-1).int8(VERSION).int32(crc32c(checked)).raw(checked);
  return new KafkaWriter().int64(0n).block(rest.bytes).bytes;
}

function record({ key = "", text }: Message, index: number, time: number): Uint8Array {
  const writer = new KafkaWriter().int8(0).varint(time).varint(index);
  if (key === "") writer.varint(-1);
  else writer.varBlock(encoder.encode(key));
  return writer.varBlock(encoder.encode(text)).varint(0).bytes;
}

let table: Int32Array | undefined;

function crc32c(bytes: Uint8Array): number {
  table ??= Int32Array.from({ length: 256 }, (_, byte) => {
    for (let bit = 0; bit < 8; bit++) byte = (byte >>> 1) ^ (byte & 1 ? POLYNOMIAL : 0);
    return byte;
  });
  let crc = -1;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc;
}

/** As Kafka's own clients choose it, so that all that has one key is in one partition, whoever sends it. */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(encoder.encode(key)) & 0x7fffffff) % partitions;
}

/** Source: org.apache.kafka.common.utils.Utils.murmur2, which is MurmurHash2 by Austin Appleby */
function murmur2(bytes: Uint8Array): number {
  const factor = 0x5bd1e995;
  const { length } = bytes;
  const words = new DataView(bytes.buffer, bytes.byteOffset, length);
  let hash = 0x9747b28c ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = Math.imul(words.getInt32(at, true), factor);
    word = Math.imul(word ^ (word >>> 24), factor);
    hash = Math.imul(hash, factor) ^ word;
  }
  if (at < length) {
    for (let last = length - 1; last >= at; last--) hash ^= bytes[last] << (8 * (last - at));
    hash = Math.imul(hash, factor);
  }
  hash = Math.imul(hash ^ (hash >>> 13), factor);
  return hash ^ (hash >>> 15);
}
