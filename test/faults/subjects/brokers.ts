/** Brokers that keep what they are sent: mosquitto, RabbitMQ, NATS, Redis, Kafka. */

import { AmqpQueue } from "../../harness/amqp_queue.ts";
import { freePort } from "../../harness/agent_process.ts";
import { mosquitto, rabbit, subscriber } from "../../harness/brokers.ts";
import { kafkaFront, kafkaMessages, kafkaMock } from "../../harness/kafka.ts";
import { makeStream, messagesOf, natsServer } from "../../harness/nats.ts";
import { redisServer } from "../../harness/redis.ts";
import type { Subject } from "./subject.ts";

export async function mqttSubject(directory: string): Promise<Subject> {
  const port = await freePort();
  let server = await mosquitto(directory, port);
  const versions = {
    "MQTTHandler three": "qos = 1\nprefix = three",
    "MQTTHandler five": "qos = 1\nprotocol_version = 5\nprefix = five",
    "MQTTHandler plain": "prefix = plain",
  };
  const reader = await subscriber(port, "reader", "#");
  server.save();
  return {
    server: "mosquitto",
    sections: Object.fromEntries(
      Object.entries(versions).map(([name, options]) => [
        name,
        `host = 127.0.0.1\nport = ${port}\n${options}`,
      ]),
    ),
    stop: (signal) => server.stop(signal),
    async start() {
      server = await mosquitto(directory, port);
    },
    taken: () =>
      Promise.resolve(Object.fromEntries(
        Object.keys(versions).map((name) => {
          const prefix = `${name.split(" ")[1]}.`;
          const lines = reader.lines().map((line) => line.replaceAll("/", "."));
          const own = lines.filter((line) => line.startsWith(prefix));
          return [name, own.map((line) => line.slice(prefix.length))];
        }),
      )),
    close() {
      reader.stop();
      return server.stop("SIGTERM");
    },
  };
}

export async function rabbitSubject(directory: string): Promise<Subject> {
  const port = await freePort();
  let server = await rabbit(directory, port);
  const queues = {
    "rmqHandler topic": new AmqpQueue(port, { exchange: "diamond", type: "topic", key: "#" }),
    "rmqHandler pubsub": new AmqpQueue(port, { exchange: "all", type: "fanout", key: "" }),
  };
  const declare = () => Promise.all(Object.values(queues).map((queue) => queue.declare()));
  await declare();
  return {
    server: "RabbitMQ",
    sections: {
      "rmqHandler topic": `server = 127.0.0.1\nport = ${port}`,
      "rmqHandler pubsub": `rmq_server = 127.0.0.1\nrmq_port = ${port}\nrmq_exchange = all`,
    },
    stop: (signal) => server.stop(signal),
    async start() {
      server = await rabbit(directory, port);
      // An exchange of Diamond's rabbitmq_topic is gone with the broker, and its bindings with it.
      await declare();
    },
    async taken() {
      const found = Object.entries(queues).map(async ([name, queue]) =>
        [name, await queue.everything()] as const
      );
      return Object.fromEntries(await Promise.all(found));
    },
    close: () => server.stop("SIGKILL"),
  };
}

export async function natsSubject(directory: string): Promise<Subject> {
  const port = await freePort();
  let server = await natsServer(directory, port);
  await makeStream(port, "diamond.>");
  return {
    server: "NATS JetStream",
    sections: { NatsHandler: `host = 127.0.0.1\nport = ${port}\nprefix = diamond` },
    stop: (signal) => server.stop(signal),
    async start() {
      server = await natsServer(directory, port);
    },
    taken: async () => ({ NatsHandler: await messagesOf(port) }),
    close: () => server.stop("SIGTERM"),
  };
}

export async function redisSubject(directory: string): Promise<Subject> {
  const port = await freePort();
  let server = await redisServer(directory, port);
  return {
    server: "Redis",
    sections: { RedisStreamHandler: `host = 127.0.0.1\nport = ${port}\nformat = line` },
    stop: (signal) => server.stop(signal),
    async start() {
      server = await redisServer(directory, port);
    },
    taken: () =>
      Promise.resolve({
        RedisStreamHandler: server.entries("metrics").map(({ line }) => line),
      }),
    close: () => server.stop("SIGTERM"),
  };
}

/** Its brokers have their memory only: what is killed is the process through which they are reached. */
export async function kafkaSubject(): Promise<Subject> {
  const mock = await kafkaMock(3);
  const ports = await Promise.all(mock.ports.map(() => freePort()));
  let front = await kafkaFront(mock.ports, ports);
  const brokers = `brokers = 127.0.0.1:${ports[0]}, 127.0.0.1:${ports[1]}`;
  const topics = {
    "KafkaHandler host": "topic = host",
    "KafkaHandler path": "topic = path\nkeyed_by = metric\ncompression = 6",
  };
  for (const topic of ["host", "path"]) await mock.do(`topic ${topic} 4`);
  return {
    server: "Kafka (librdkafka's mock)",
    sections: Object.fromEntries(
      Object.entries(topics).map(([name, options]) => [name, `${brokers}\n${options}`]),
    ),
    stop: (signal) => front.stop(signal),
    async start() {
      front = await kafkaFront(mock.ports, ports);
    },
    taken: () =>
      Promise.resolve(Object.fromEntries(
        Object.keys(topics).map((name) => {
          const messages = kafkaMessages(mock.places[0], name.split(" ")[1]);
          return [name, messages.map(({ text }) => text)];
        }),
      )),
    async close() {
      await front.stop("SIGTERM");
      mock.stop();
    },
  };
}
