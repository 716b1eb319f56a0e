/** MQTT: a message for each metric, whose topic is the path with slashes. */

import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { bool, choice, integer, number, secret, text } from "../core/option.ts";
import { fixed } from "../formats/fixed.ts";
import { brokerSink } from "../protocols/broker_sink.ts";
import { tlsOptions, tlsSettings } from "../protocols/tls.ts";

/** A broker takes few messages of QoS 2 at a time, so that more would not be through in time. */
const MAX_OF_QOS_2 = 200;
const [PLAIN_PORT, TLS_PORT] = [1883, 8883];

export default defineHandler({
  name: "MQTTHandler",
  doc: "Publishes metrics to an MQTT broker",
  receipt: "application",
  options: {
    host: text("localhost", "Name or address of the broker"),
    port: integer(0, "Its port; 0: 1883, or 8883 with tls", { min: 0, max: 65_535 }),
    protocol_version: choice("3.1.1", ["3.1.1", "5"], "Version of MQTT"),
    username: text("", "User to log in as"),
    password: secret("", "The user's password"),
    client_id: text("", "The agent's name at the broker, one for each connection; empty: made up"),
    qos: integer(0, "Quality of service: 0, 1 or 2; the broker is asked whether it has them all", {
      min: 0,
      max: 2,
    }),
    retain: bool(false, "Let the broker keep the last value of each topic"),
    prefix: text("", "What topics begin with"),
    timestamp: text("", "Anything: leave the time out; empty: messages are VALUE TIME"),
    timeout: number(15, "Seconds that a connect or a write may take", { min: 0.1 }),
    hostname: text("", "Without effect: hosts are named as in paths"),
    hostname_method: text("", "Without effect: hosts are named as in paths"),
    ...tlsOptions,
    cafile: text("", "As ca"),
    certfile: text("", "As cert"),
    keyfile: text("", "As key"),
  },

  largest: ({ qos }) => qos === 2 ? MAX_OF_QOS_2 : Infinity,
  open({ host, options }) {
    const { port, tls, client_id: id, username: user, password, retain } = options;
    const { ca, cert, key, cafile, certfile, keyfile } = options;
    const files = { ca: ca || cafile, cert: cert || certfile, key: key || keyfile };
    const target = {
      host: options.host,
      port: port || (tls ? TLS_PORT : PLAIN_PORT),
      ...(tls && { tls: tlsSettings({ ...options, ...files }) }),
    };
    const prefix = options.prefix === "" ? "" : `${topicOf(options.prefix)}/`;
    const isTimed = options.timestamp === "";
    // A broker ends the connection of an older client of the same name.
    const suffix = Math.random().toString(36).slice(2, 8);
    return brokerSink(
      ({ series }, signal) => {
        const name = series.host ?? host.names.hostname();
        return host.brokers.mqtt({
          target,
          version: options.protocol_version === "5" ? 5 : 4,
          clientId: id || `${name}_${host.self.pid}_${suffix}`,
          user,
          password,
          qos: options.qos as 0 | 1 | 2,
          retain,
          will: { topic: `clients/diamond/${name}`, text: "Adios!" },
        }, signal);
      },
      (metric) => ({
        topic: prefix + topicOf(metric.series.path),
        text: isTimed ? `${valueOf(metric)} ${metric.timestamp}` : valueOf(metric),
      }),
    );
  },
});

/** `+` and `#` are what subscribers ask for; a broker ends the connection of those who publish to them. */
function topicOf(path: string): string {
  return path.replaceAll(".", "/").replace(/[#+]/g, "&");
}

function valueOf({ series, value }: Metric): string {
  return fixed(value, series.precision);
}
