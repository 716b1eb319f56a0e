/**
 * Reads protobuf's bytes by a table of fields, as the object that its JSON would be; 64-bit integers are bigints.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */

import { badData } from "../core/errors.ts";

type Scalar = "text" | "bool" | "int" | "double" | "fixed64" | "sfixed64" | "fixed32";
type Field = readonly [name: string, type: Scalar | Message, many?: "many"];
/** Fields by their numbers; others are skipped. A table never leads back to itself, which bounds the depth. */
export interface Message {
  readonly [field: number]: Field;
}

const [VARINT, EIGHT_BYTES, COUNTED, FOUR_BYTES] = [0, 1, 2, 5];
const WIRE_TYPES: Readonly<Record<Scalar, number>> = {
  text: COUNTED,
  bool: VARINT,
  int: VARINT,
  double: EIGHT_BYTES,
  fixed64: EIGHT_BYTES,
  sfixed64: EIGHT_BYTES,
  fixed32: FOUR_BYTES,
};
const MAX_VARINT_BITS = 70;
/** Empty ones have two bytes and would become objects of many more. */
const MAX_MESSAGES = 250_000;
const decoder = new TextDecoder();

/** Throws `bad-data` where the bytes are not such a message. */
export function readProtobuf(bytes: Uint8Array, message: Message): Record<string, unknown> {
  return new Reader(bytes).message(message, bytes.length);
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #messages = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  message(fields: Message, end: number): Record<string, unknown> {
    if (++this.#messages > MAX_MESSAGES) throw badData("protobuf has too many messages");
    const found: Record<string, unknown> = {};
    while (this.#at < end) {
      const tag = this.#varint();
      const [field, wireType] = [Math.floor(tag / 8), tag % 8];
      if (field === 0) throw badData("a field of protobuf has the number 0");
      const known = fields[field];
      if (known === undefined) this.#skip(wireType);
      else this.#field(found, known, wireType);
      if (this.#at > end) throw badData("a field of protobuf ends behind its message");
    }
    return found;
  }

  #field(found: Record<string, unknown>, [name, type, many]: Field, wireType: number): void {
    if (many === undefined) {
      found[name] = this.#value(type, wireType);
      return;
    }
    const list = (found[name] ??= []) as unknown[];
    const isPacked = typeof type === "string" && type !== "text" && wireType === COUNTED;
    if (!isPacked) return void list.push(this.#value(type, wireType));
    const end = this.#end();
    while (this.#at < end) list.push(this.#value(type, WIRE_TYPES[type]));
  }

  #value(type: Scalar | Message, wireType: number): unknown {
    const expected = typeof type === "string" ? WIRE_TYPES[type] : COUNTED;
    if (wireType !== expected) throw badData(`a field of protobuf has the wire type ${wireType}`);
    if (typeof type !== "string") return this.message(type, this.#end());
    switch (type) {
      case "text": {
        const end = this.#end();
        return decoder.decode(this.#bytes.subarray(this.#pass(end - this.#at), end));
      }
      case "bool":
        return this.#varint() !== 0;
      case "int":
        return this.#int();
      case "fixed32":
        return this.#view.getUint32(this.#pass(4), true);
      case "double":
        return this.#view.getFloat64(this.#pass(8), true);
      case "fixed64":
        return this.#view.getBigUint64(this.#pass(8), true);
      case "sfixed64":
        return this.#view.getBigInt64(this.#pass(8), true);
    }
  }

  #skip(wireType: number): void {
    if (wireType === VARINT) this.#varint();
    else if (wireType === EIGHT_BYTES) this.#pass(8);
    else if (wireType === COUNTED) this.#pass(this.#end() - this.#at);
    else if (wireType === FOUR_BYTES) this.#pass(4);
    else throw badData(`a field of protobuf has the wire type ${wireType}`);
  }

  /** Where what follows ends, by its length. */
  #end(): number {
    const length = this.#varint();
    return this.#at + length;
  }

  /** Steps over so many bytes; returns where they begin. */
  #pass(count: number): number {
    const from = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) throw badData("protobuf ends within a field");
    return from;
  }

  /** Exact up to 53 bits: more than a tag or a length has. */
  #varint(): number {
    let value = 0;
    for (let bits = 0; bits < MAX_VARINT_BITS; bits += 7) {
      const byte = this.#bytes[this.#pass(1)];
      value += (byte & 127) * 2 ** bits;
      if (byte < 128) return value;
    }
    throw badData("a number of protobuf has no end");
  }

  #int(): bigint {
    let value = 0n;
    for (let bits = 0; bits < MAX_VARINT_BITS; bits += 7) {
      const byte = this.#bytes[this.#pass(1)];
      value |= BigInt(byte & 127) << BigInt(bits);
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    throw badData("a number of protobuf has no end");
  }
}
