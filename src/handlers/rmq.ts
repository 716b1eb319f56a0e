/**
 * RabbitMQ, as Diamond's rabbitmq_topic and rabbitmq_pubsub, which are both called rmqHandler. With rmq_server it
 * is the latter.
 */

import { defineHandler } from "../core/handler.ts";
import type { Metric, Series } from "../core/metric.ts";
import { bool, choice, integer, list, secret, text } from "../core/option.ts";
import { graphiteLine } from "../formats/graphite_line.ts";
import { brokerSink } from "../protocols/broker_sink.ts";
import { splitAddress } from "../protocols/graphite.ts";
import { tlsOptions, tlsSettings } from "../protocols/tls.ts";

const KEYS = {
  metric: ({ path }: Series) => path,
  host: ({ host }: Series) => host ?? "",
  "metric.path": ({ name }: Series) => name,
  "path.prefix": ({ prefix }: Series) => prefix,
  "collector.path": ({ collector }: Series) => collector,
};

export default defineHandler({
  name: "rmqHandler",
  doc:
    "Publishes metrics to RabbitMQ: to a topic exchange, or with rmq_server to one of another type",
  receipt: "application",
  options: {
    server: text("127.0.0.1", "rabbitmq_topic: name or address of the broker"),
    port: integer(5672, "Its port", { min: 1, max: 65_535 }),
    vhost: text("/", "Virtual host"),
    user: text("guest", "User to log in as"),
    password: secret("guest", "The user's password"),
    topic_exchange: text("diamond", "The topic exchange"),
    routing_key: choice(
      "metric",
      ["metric", "custom", "host", "metric.path", "path.prefix", "collector.path"],
      "What messages are routed by: the path, custom_routing_key, or a part of the path",
    ),
    custom_routing_key: text("diamond", "With routing_key = custom"),
    rmq_server: list([], "rabbitmq_pubsub: brokers, host or host:port; each gets everything"),
    rmq_port: integer(5672, "Their port", { min: 1, max: 65_535 }),
    rmq_exchange: text("diamond", "Exchange"),
    rmq_exchange_type: text("fanout", "Its type"),
    rmq_durable: bool(true, "The exchange outlives the broker"),
    rmq_user: text("", "User to log in as; empty: guest"),
    rmq_password: secret("", "The user's password; empty: guest"),
    rmq_vhost: text("/", "Virtual host"),
    rmq_heartbeat_interval: integer(300, "Seconds between heartbeats; 0: none", { min: 0 }),
    mandatory: bool(
      true,
      "Do not take it for delivered what no queue is bound for; off: the broker drops it unseen",
    ),
    ...tlsOptions,
  },

  expand(options) {
    if (options.rmq_server.length === 0) return [{ backend: options.server, options }];
    return options.rmq_server.map((entry) => {
      const { name, port } = splitAddress(entry, options.rmq_port);
      return { backend: entry, options: { ...options, rmq_server: [name], rmq_port: port } };
    });
  },

  open({ host, options }) {
    const { mandatory } = options;
    const [fanout] = options.rmq_server;
    const tls = options.tls ? { tls: tlsSettings(options) } : {};
    const common = { heartbeat: options.rmq_heartbeat_interval, mandatory };
    const settings = fanout === undefined
      ? {
        ...common,
        target: { host: options.server, port: options.port, ...tls },
        user: options.user,
        password: options.password,
        vhost: options.vhost,
        exchange: options.topic_exchange,
        type: "topic",
        durable: false,
      }
      : {
        ...common,
        target: { host: fanout, port: options.rmq_port, ...tls },
        user: options.rmq_user || "guest",
        password: options.rmq_password || "guest",
        vhost: options.rmq_vhost,
        exchange: options.rmq_exchange,
        type: options.rmq_exchange_type,
        durable: options.rmq_durable,
      };
    const keyOf = fanout === undefined ? routing(options) : () => "";
    return brokerSink(
      (_, signal) => host.brokers.amqp(settings, signal),
      (metric: Metric) => ({ topic: keyOf(metric.series), text: graphiteLine(metric) }),
    );
  },
});

function routing(
  { routing_key: key, custom_routing_key: custom }: {
    readonly routing_key: keyof typeof KEYS | "custom";
    readonly custom_routing_key: string;
  },
): (series: Series) => string {
  return key === "custom" ? () => custom : KEYS[key];
}
