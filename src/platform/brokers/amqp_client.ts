/** The library's client of AMQP, over a connection of our own. Import it lazily: it is the library. */

import { AMQPBaseClient } from "@cloudamqp/amqp-client/amqp-base-client";
import { AMQPView } from "@cloudamqp/amqp-client/amqp-view";
import { type Failure, undelivered } from "../../core/errors.ts";
import { looksLike } from "../../formats/peer_looks.ts";
import type { AmqpSettings } from "../../ports/brokers.ts";
import type { Stream } from "../../ports/net.ts";

/** Source: AMQP 0-9-1, section 4.2.2 */
const GREETING = new Uint8Array([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);
/** Kind, channel, length; then the payload and the end. */
const HEAD_BYTES = 7;
const FRAME_BYTES = 8192;
const MAX_KIND = 8;

export class AmqpClient extends AMQPBaseClient {
  readonly #stream: Stream;
  readonly #where: string;
  failure: Failure | undefined;

  constructor(stream: Stream, where: string, settings: AmqpSettings) {
    const { vhost, user, password, heartbeat } = settings;
    super(vhost, user, password, "diamond-agent", undefined, FRAME_BYTES, heartbeat);
    this.#stream = stream;
    this.#where = where;
  }

  override connect(): Promise<AMQPBaseClient> {
    return new Promise((resolve, reject) => {
      this.connectPromise = [resolve, reject];
      void this.send(GREETING);
      void this.#listen();
    });
  }

  /** Never throws: the library leaves promises of confirmations behind then, without a handler. */
  override async send(bytes: Uint8Array): Promise<void> {
    try {
      await this.#stream.write(bytes);
    } catch (error) {
      this.drop(error as Failure);
    }
  }

  drop(failure: Failure): void {
    this.failure ??= failure;
    this.closed = true;
    this.connectPromise?.[1](failure);
    this.closePromise?.[1](failure);
    for (const channel of this.channels) channel?.setClosed(failure);
    this.closeSocket();
  }

  protected override closeSocket(): void {
    this.#stream[Symbol.dispose]();
  }

  async #listen(): Promise<void> {
    let waiting = Buffer.alloc(0);
    try {
      for (;;) {
        const bytes = await this.#stream.read();
        if (bytes === undefined) throw undelivered(`${this.#where} closes the connection`);
        waiting = Buffer.concat([waiting, bytes]);
        for (let length; (length = this.#frameLength(waiting)) <= waiting.length;) {
          this.parseFrames(new AMQPView(waiting.buffer, waiting.byteOffset, length));
          waiting = waiting.subarray(length);
        }
      }
    } catch (error) {
      this.drop(error as Failure);
    }
  }

  /** Throws for what is not a frame. */
  #frameLength(bytes: Buffer): number {
    if (bytes.length === 0) return 1;
    const isFrame = bytes[0] >= 1 && bytes[0] <= MAX_KIND;
    if (!isFrame) throw undelivered(`${this.#where} ${looksLike(bytes.toString("latin1"))}`);
    if (bytes.length < HEAD_BYTES) return HEAD_BYTES;
    const length = bytes.readUInt32BE(3);
    if (length > this.frameMax) throw undelivered(`${this.#where} does not speak AMQP`);
    return HEAD_BYTES + length + 1;
  }
}
