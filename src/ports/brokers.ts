/** Brokers of messages, to which handlers publish. */

import type { Target } from "./net.ts";

export interface Brokers {
  /** MQTT 3.1.1 or 5. Throws `undelivered` or `timeout`. */
  mqtt(settings: MqttSettings, signal: AbortSignal): Promise<Broker>;
  /** AMQP 0-9-1, as RabbitMQ speaks it. The exchange is declared. Throws as `mqtt`. */
  amqp(settings: AmqpSettings, signal: AbortSignal): Promise<Broker>;
  /** NATS JetStream. Throws as `mqtt`. */
  nats(settings: NatsSettings, signal: AbortSignal): Promise<Broker>;
  /** Kafka, 0.11 or later. Throws as `mqtt`. */
  kafka(settings: KafkaSettings, signal: AbortSignal): Promise<Broker>;
}

export interface Broker {
  /** False once it is of no more use. */
  readonly isOpen: boolean;
  /** It connects again by itself and knows what it had sent, so it is kept after a failure. */
  readonly isLasting?: boolean;
  /**
   * Resolves when the broker has taken all of them. Throws `refused` with the numbers of messages that it will
   * never take, `undelivered` or `timeout` for the rest.
   */
  publish(messages: readonly Message[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface Message {
  readonly topic: string;
  readonly text: string;
  /** By which a broker that can knows a message that it has. */
  readonly id?: string;
  /** Messages of one key stay in order. */
  readonly key?: string;
  /** Seconds since the epoch, for a broker that keeps a time. */
  readonly time?: number;
}

export interface MqttSettings extends Login {
  readonly target: Target;
  readonly version: 4 | 5;
  readonly clientId: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** What the broker publishes when the agent is gone. */
  readonly will: Message;
}

export interface AmqpSettings extends Login {
  readonly target: Target;
  readonly vhost: string;
  readonly exchange: string;
  /** `topic`, `fanout` … */
  readonly type: string;
  readonly durable: boolean;
  /** Seconds. */
  readonly heartbeat: number;
  /** A message that no queue is bound for is not taken. */
  readonly mandatory: boolean;
}

export interface NatsSettings extends Login {
  readonly target: Target;
  readonly token: string;
  /** File with a user's token and key, as nsc makes them; "" for none. */
  readonly credentials: string;
}

export type SaslMechanism = "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";

export interface KafkaSettings extends Login {
  /** Any one of them knows all the others. */
  readonly targets: readonly Target[];
  readonly topic: string;
  /** With a user only. */
  readonly mechanism: SaslMechanism;
  /** Level of gzip; 0: none. */
  readonly gzip: number;
  /** For the replicas to confirm. */
  readonly timeoutSeconds: number;
}

interface Login {
  readonly user: string;
  readonly password: string;
}
