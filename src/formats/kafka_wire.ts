/** The types that Kafka's protocol is made of. Source: https://kafka.apache.org/protocol#protocol_types */

import { badData } from "../core/errors.ts";

const FIRST_BYTES = 256;
const MAX_INT32 = 2 ** 31;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class KafkaWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  int8(value: number): this {
    this.#room(1).setInt8(this.#length - 1, value);
    return this;
  }

  int16(value: number): this {
    this.#room(2).setInt16(this.#length - 2, value);
    return this;
  }

  int32(value: number): this {
    this.#room(4).setInt32(this.#length - 4, value);
    return this;
  }

  int64(value: bigint): this {
    this.#room(8).setBigInt64(this.#length - 8, value);
    return this;
  }

  /** Zigzag: small negative numbers are short as well. */
  varint(value: number): this {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.int8((rest % 128) | 128);
    return this.int8(rest);
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length - bytes.length);
    return this;
  }

  /** Null: that there is none. */
  string(text: string | null): this {
    if (text === null) return this.int16(-1);
    const bytes = encoder.encode(text);
    return this.int16(bytes.length).raw(bytes);
  }

  block(bytes: Uint8Array): this {
    return this.int32(bytes.length).raw(bytes);
  }

  varBlock(bytes: Uint8Array): this {
    return this.varint(bytes.length).raw(bytes);
  }

  array<T>(items: readonly T[], write: (writer: this, item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(this, item);
    return this;
  }

  /** Takes up so many bytes at the end. */
  #room(count: number): DataView {
    const before = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, before));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return this.#view;
  }
}

/** Throws `bad-data` where an answer ends too early. */
export class KafkaReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  skip(count: number): this {
    this.#take(count);
    return this;
  }

  string(): string | null {
    const length = this.int16();
    return length < 0 ? null : decoder.decode(this.#part(length));
  }

  block(): Uint8Array {
    return this.#part(Math.max(0, this.int32()));
  }

  array<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.int32(); left > 0; left--) items.push(read());
    return items;
  }

  #part(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  #take(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) throw badData("the answer of a Kafka ends too early");
    return at;
  }
}

/** Sequence numbers begin again after the largest one. */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % MAX_INT32;
}
