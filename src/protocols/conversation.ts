/** Questions and answers over TCP, TLS or a unix socket, as many small daemons speak them. */

import { badData, type Failure } from "../core/errors.ts";
import { addressText } from "../core/option.ts";
import { quotable } from "../formats/peer_looks.ts";
import type { Host } from "../ports/host.ts";
import type { Address, Stream } from "../ports/net.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** A longer answer is an error, because no real service publishes that many values. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_QUOTED = 200;

/** Reads what a peer sends in the pieces that a protocol is made of. Close it with `using`. */
export class Conversation implements Disposable {
  readonly #stream: Stream;
  readonly #where: string;
  #buffer = new Uint8Array();
  /** Bytes that came since something was sent. */
  #answered = 0;

  constructor(stream: Stream, where: string) {
    this.#stream = stream;
    this.#where = where;
  }

  static async open(host: Host, to: Address, signal: AbortSignal): Promise<Conversation> {
    return new Conversation(await host.net.dial(to, signal), shown(to));
  }

  send(data: string | Uint8Array): Promise<void> {
    this.#answered = 0;
    return this.#stream.write(typeof data === "string" ? encoder.encode(data) : data);
  }

  /** One line without its end. */
  async line(): Promise<string> {
    return (await this.until("\n")).replace(/\r?\n$/, "");
  }

  /** Everything up to and including `mark`. Throws `bad-data` where the peer closes before. */
  async until(mark: string): Promise<string> {
    const end = encoder.encode(mark);
    for (let from = 0;;) {
      const at = find(this.#buffer, end, from);
      if (at >= 0) return decoder.decode(this.#take(at + end.length));
      from = Math.max(0, this.#buffer.length - end.length + 1);
      if (!await this.#more()) throw this.#early();
    }
  }

  async bytes(count: number): Promise<Uint8Array> {
    if (count > MAX_BYTES) throw this.#endless();
    while (this.#buffer.length < count) {
      if (!await this.#more()) throw this.#early();
    }
    return this.#take(count);
  }

  /** Everything until the peer closes the connection. */
  async rest(): Promise<string> {
    while (await this.#more());
    return decoder.decode(this.#take(this.#buffer.length));
  }

  /** What is wrong with its answer: `10.0.0.5:6379 says: ERR …`. */
  failure(what: string): Failure {
    return badData(`${this.#where} ${what}`);
  }

  [Symbol.dispose](): void {
    this.#stream[Symbol.dispose]();
  }

  #take(count: number): Uint8Array {
    const taken = this.#buffer.slice(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  #early(): Failure {
    const said = quotable(latin1(this.#buffer.subarray(0, MAX_QUOTED)));
    const after = said === "" ? "without an answer" : `in the middle of its answer, "${said}"`;
    return this.failure(`closes the connection ${after}`);
  }

  #endless(): Failure {
    return this.failure(`answers with more than ${MAX_BYTES} bytes`);
  }

  async #more(): Promise<boolean> {
    const bytes = await this.#stream.read();
    if (bytes === undefined) return false;
    this.#answered += bytes.length;
    if (this.#answered > MAX_BYTES) throw this.#endless();
    const next = new Uint8Array(this.#buffer.length + bytes.length);
    next.set(this.#buffer);
    next.set(bytes, this.#buffer.length);
    this.#buffer = next;
    return true;
  }
}

/** One question, and its answer up to `end`, or until the peer closes. */
export async function ask(
  host: Host,
  to: Address,
  question: string,
  signal: AbortSignal,
  end?: string,
): Promise<string> {
  using peer = await Conversation.open(host, to, signal);
  await peer.send(question);
  return end === undefined ? await peer.rest() : await peer.until(end);
}

function shown(to: Address): string {
  return "path" in to ? to.path : addressText(to);
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function find(bytes: Uint8Array, mark: Uint8Array, from: number): number {
  const last = mark.length - 1;
  for (let at = bytes.indexOf(mark[0], from); at >= 0; at = bytes.indexOf(mark[0], at + 1)) {
    if (at + last >= bytes.length) return -1;
    if (mark.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}
