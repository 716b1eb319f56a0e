/** AMQP 0-9-1 by @cloudamqp/amqp-client: messages are persistent, and the broker confirms each. */

import type { AMQPChannel } from "@cloudamqp/amqp-client";
import { codeOf, messageOf, refused, timedOut, undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import type { AmqpSettings, Broker, Message } from "../../ports/brokers.ts";
import { abortable } from "../net/abortable.ts";
import { dial } from "../net/dial.ts";
import type { AmqpClient } from "./amqp_client.ts";

/** Messages that wait for their confirmation at the same time: the library keeps a buffer for each. */
const WINDOW = 256;
/** Of a short text in AMQP. */
const MAX_KEY_BYTES = 255;
const PERSISTENT = 2;

export async function connectAmqp(settings: AmqpSettings, signal: AbortSignal): Promise<Broker> {
  const { AmqpClient } = await import("./amqp_client.ts");
  const where = addressText(settings.target);
  const client = new AmqpClient(await dial(settings.target, signal), where, settings);
  client.onerror = () => {};
  const inTime = async <T>(work: Promise<T>, within: AbortSignal): Promise<T> => {
    try {
      return await abortable(work, within, () => timedOut(`${where} did not answer in time`));
    } catch (error) {
      const told = client.failure ?? error;
      throw codeOf(told) === undefined ? undelivered(`${where} says: ${messageOf(told)}`) : told;
    }
  };
  try {
    await inTime(client.connect(), signal);
    const channel = await inTime(openChannel(client, settings), signal);
    return new AmqpBroker(client, channel, settings, where, inTime);
  } catch (error) {
    client.drop(undelivered(messageOf(error)));
    throw error;
  }
}

/** An exchange that is there with other properties, or that this user may not declare, is taken as it is. */
async function openChannel(client: AmqpClient, settings: AmqpSettings): Promise<AMQPChannel> {
  const { exchange, type, durable } = settings;
  const open = async (passive: boolean) => {
    const channel = await client.channel();
    channel.onerror = () => {};
    await channel.confirmSelect();
    if (exchange !== "") {
      await channel.exchangeDeclare(exchange, type, { passive, durable, autoDelete: false });
    }
    return channel;
  };
  try {
    return await open(false);
  } catch (error) {
    if (client.closed) throw error;
    return await open(true).catch(() => Promise.reject(error));
  }
}

class AmqpBroker implements Broker {
  readonly #client: AmqpClient;
  readonly #channel: AMQPChannel;
  readonly #settings: AmqpSettings;
  readonly #where: string;
  readonly #inTime: <T>(work: Promise<T>, within: AbortSignal) => Promise<T>;
  /** What came back since no queue is bound for it. */
  #returned = new Set<string>();

  constructor(
    client: AmqpClient,
    channel: AMQPChannel,
    settings: AmqpSettings,
    where: string,
    inTime: <T>(work: Promise<T>, within: AbortSignal) => Promise<T>,
  ) {
    this.#client = client;
    this.#channel = channel;
    this.#settings = settings;
    this.#where = where;
    this.#inTime = inTime;
    channel.onReturn = (message) => {
      this.#returned.add(`${message.routingKey} ${message.bodyString() ?? ""}`);
    };
  }

  get isOpen(): boolean {
    return !this.#client.closed && !this.#channel.closed;
  }

  async publish(messages: readonly Message[], signal: AbortSignal): Promise<void> {
    this.#returned.clear();
    const isTooLong = ({ topic }: Message) => Buffer.byteLength(topic) > MAX_KEY_BYTES;
    const good = messages.filter((message) => !isTooLong(message));
    for (let from = 0; from < good.length; from += WINDOW) {
      const part = good.slice(from, from + WINDOW).map((message) => this.#publishOne(message));
      await this.#inTime(Promise.all(part), signal);
    }
    const isBad = (message: Message) =>
      isTooLong(message) || this.#returned.has(`${message.topic} ${message.text}`);
    const bad = messages.flatMap((message, index) => isBad(message) ? [index] : []);
    if (bad.length === 0) return;
    const what = isTooLong(messages[bad[0]])
      ? `a routing key is longer than ${MAX_KEY_BYTES} bytes`
      : `no queue is bound to the exchange "${this.#settings.exchange}" for "${
        messages[bad[0]].topic
      }"`;
    throw Object.assign(refused(`${this.#where}: ${what}`), { points: bad });
  }

  async close(): Promise<void> {
    if (!this.#client.closed) await this.#client.close().catch(() => {});
    this.#client.drop(undelivered(`the connection to ${this.#where} is closed`));
  }

  #publishOne({ topic, text }: Message): Promise<number> {
    const { exchange, mandatory } = this.#settings;
    return this.#channel.basicPublish(
      exchange,
      topic,
      text,
      { deliveryMode: PERSISTENT },
      mandatory,
    );
  }
}
