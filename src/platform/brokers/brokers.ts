/** Brokers of messages. Each client is loaded with its first connection. */

import type { Brokers } from "../../ports/brokers.ts";

export const realBrokers: Brokers = {
  mqtt: async (settings, signal) => (await import("./mqtt.ts")).connectMqtt(settings, signal),
  amqp: async (settings, signal) => (await import("./amqp.ts")).connectAmqp(settings, signal),
  nats: async (settings, signal) => (await import("./nats.ts")).connectNats(settings, signal),
  kafka: async (settings, signal) => (await import("./kafka.ts")).connectKafka(settings, signal),
};
