/** ZeroMQ's protocol, as far as a publisher without login needs it. Source: https://rfc.zeromq.org/spec/23/ (ZMTP 3.0) */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const GREETING_BYTES = 64;
const VERSION_AT = 10;
const MECHANISM_AT = 12;
const MECHANISM_BYTES = 20;
const LONG_FRAME = 0x02;
const COMMAND = 0x04;
const MAX_SHORT = 255;
/** Of a subscriber: more than any prefix that it asks for. */
const MAX_FRAME = 65_536;

/** Version 3.0, without login, as one of equals. */
export function greeting(): Uint8Array {
  const bytes = new Uint8Array(GREETING_BYTES);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[VERSION_AT] = 3;
  bytes.set(encoder.encode("NULL"), MECHANISM_AT);
  return bytes;
}

/** What a side says of itself before its first message. */
export function ready(socketType: string): Uint8Array {
  const name = "Socket-Type";
  const type = encoder.encode(socketType);
  const body = new Uint8Array(1 + 5 + 1 + name.length + 4 + type.length);
  let at = 0;
  for (const text of ["READY", name]) {
    body[at] = text.length;
    body.set(encoder.encode(text), at + 1);
    at += 1 + text.length;
  }
  new DataView(body.buffer).setUint32(at, type.length);
  body.set(type, at + 4);
  return frame(body, COMMAND);
}

export function messageFrame(text: string): Uint8Array {
  return frame(encoder.encode(text), 0);
}

function frame(body: Uint8Array, flags: number): Uint8Array {
  const isLong = body.length > MAX_SHORT;
  const head = isLong ? 9 : 2;
  const bytes = new Uint8Array(head + body.length);
  bytes[0] = flags | (isLong ? LONG_FRAME : 0);
  if (isLong) new DataView(bytes.buffer).setBigUint64(1, BigInt(body.length));
  else bytes[1] = body.length;
  bytes.set(body, head);
  return bytes;
}

/** What a subscriber says, as it arrives. */
export class SubscriberReader {
  #buffer = new Uint8Array();
  #isGreeted = false;
  #isReady = false;
  readonly #prefixes = new Map<string, number>();

  get isGreeted(): boolean {
    return this.#isGreeted;
  }

  /** It has said all that it has to say before it gets messages. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether it has asked for messages that begin like this one. */
  wants(text: string): boolean {
    for (const prefix of this.#prefixes.keys()) if (text.startsWith(prefix)) return true;
    return false;
  }

  /** Throws for what is not a subscriber. */
  push(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#buffer.length + bytes.length);
    all.set(this.#buffer);
    all.set(bytes, this.#buffer.length);
    this.#buffer = all;
    if (!this.#isGreeted && !this.#greet()) return;
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#take(next);
  }

  #greet(): boolean {
    const bytes = this.#buffer;
    if (bytes.length > 0 && bytes[0] !== 0xff) {
      throw new Error("it does not speak ZeroMQ's protocol");
    }
    if (bytes.length < GREETING_BYTES) return false;
    if (bytes[VERSION_AT] < 3) throw new Error("its version of ZeroMQ is older than 4.0");
    const end = MECHANISM_AT + MECHANISM_BYTES;
    const mechanism = decoder.decode(bytes.subarray(MECHANISM_AT, end)).replace(/\0+$/, "");
    if (mechanism !== "NULL") throw new Error(`it wants to log in by ${mechanism}`);
    this.#buffer = bytes.slice(GREETING_BYTES);
    return this.#isGreeted = true;
  }

  #next(): { readonly flags: number; readonly body: Uint8Array } | undefined {
    const bytes = this.#buffer;
    if (bytes.length < 2) return undefined;
    const isLong = (bytes[0] & LONG_FRAME) !== 0;
    const head = isLong ? 9 : 2;
    if (bytes.length < head) return undefined;
    const length = isLong
      ? Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(1))
      : bytes[1];
    if (length > MAX_FRAME) throw new Error("it sends what no subscriber does");
    if (bytes.length < head + length) return undefined;
    const body = bytes.slice(head, head + length);
    this.#buffer = bytes.slice(head + length);
    return { flags: bytes[0], body };
  }

  #take({ flags, body }: { readonly flags: number; readonly body: Uint8Array }): void {
    if (flags & COMMAND) {
      this.#isReady ||= decoder.decode(body.subarray(1, 6)) === "READY";
      return;
    }
    const prefix = decoder.decode(body.subarray(1));
    const count = (this.#prefixes.get(prefix) ?? 0) + (body[0] === 1 ? 1 : -1);
    if (count > 0) this.#prefixes.set(prefix, count);
    else this.#prefixes.delete(prefix);
  }
}
