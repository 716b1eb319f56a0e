/** A queue of a RabbitMQ, bound to an exchange: what it has is what was published. */

import { AMQPClient } from "@cloudamqp/amqp-client";

export interface Binding {
  readonly exchange: string;
  readonly type: string;
  readonly key: string;
}

export class AmqpQueue {
  readonly #port: number;
  readonly #binding: Binding;

  constructor(port: number, binding: Binding) {
    this.#port = port;
    this.#binding = binding;
  }

  /** The queue outlives the broker; a topic exchange, as Diamond's, does not. */
  async declare(): Promise<void> {
    const { exchange, type, key } = this.#binding;
    await this.#with(async (channel) => {
      await channel.queueDeclare(exchange, { durable: true });
      await channel.exchangeDeclare(exchange, type, {
        durable: type !== "topic",
        autoDelete: false,
      });
      await channel.queueBind(exchange, exchange, key);
    });
  }

  /** The texts of all messages, without their newlines. */
  everything(): Promise<string[]> {
    return this.#with(async (channel) => {
      const texts: string[] = [];
      for (;;) {
        const message = await channel.basicGet(this.#binding.exchange, { noAck: true });
        if (message === null) return texts;
        texts.push((message.bodyString() ?? "").trimEnd());
      }
    });
  }

  /** The texts of the messages that arrive from now on. */
  async follow(): Promise<{ texts: readonly string[]; close(): Promise<void> }> {
    const client = new AMQPClient(`amqp://127.0.0.1:${this.#port}`, undefined, null);
    await client.connect();
    const texts: string[] = [];
    const channel = await client.channel();
    await channel.basicConsume(this.#binding.exchange, { noAck: true }, (message) => {
      texts.push((message.bodyString() ?? "").trimEnd());
    });
    return { texts, close: () => client.close() };
  }

  async #with<T>(
    work: (channel: Awaited<ReturnType<AMQPClient["channel"]>>) => Promise<T>,
  ): Promise<T> {
    const client = new AMQPClient(`amqp://127.0.0.1:${this.#port}`, undefined, null);
    await client.connect();
    try {
      return await work(await client.channel());
    } finally {
      await client.close();
    }
  }
}
