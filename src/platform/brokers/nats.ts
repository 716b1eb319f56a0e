/** NATS JetStream by the project's own client: a message's id lets the server leave out what comes again. */

import type { NatsConnection } from "@nats-io/transport-node";
import { messageOf, timedOut, undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import type { Broker, Message, NatsSettings } from "../../ports/brokers.ts";
import { readRegularText } from "../access/safe_open.ts";
import { abortable } from "../net/abortable.ts";
import { secureContext } from "../net/tls.ts";

/** Messages that wait for their confirmation at the same time. */
const WINDOW = 500;
const MAX_CREDENTIALS_BYTES = 65_536;
/** A worker has its own deadline, which is shorter. */
const NEVER_MS = 3_600_000;

type Client = typeof import("@nats-io/transport-node");

export async function connectNats(settings: NatsSettings, signal: AbortSignal): Promise<Broker> {
  const client = await import("@nats-io/transport-node");
  const { jetstream } = await import("@nats-io/jetstream");
  const where = addressText(settings.target);
  const late = () => timedOut(`${where} did not answer in time`);
  const connecting = client.connect(optionsOf(client, settings, where));
  let connection: NatsConnection;
  try {
    connection = await abortable(connecting, signal, late);
  } catch (error) {
    connecting.then((one) => one.close(), () => {});
    throw signal.aborted ? late() : undelivered(`cannot connect to ${where}`, error);
  }
  const stream = jetstream(connection);
  const publishOne = ({ topic, text, id = "" }: Message) =>
    stream.publish(topic, text, { msgID: id, timeout: NEVER_MS, retries: 0 });
  return {
    get isOpen() {
      return !connection.isClosed();
    },
    async publish(messages, within) {
      try {
        for (let from = 0; from < messages.length; from += WINDOW) {
          const part = messages.slice(from, from + WINDOW).map(publishOne);
          await abortable(Promise.all(part), within, late);
        }
      } catch (error) {
        throw within.aborted ? late() : undelivered(faultText(where, messages[0], error));
      }
    },
    close: () => connection.close(),
  };
}

function optionsOf(client: Client, settings: NatsSettings, where: string) {
  const { target: { tls, host }, user, password, token, credentials } = settings;
  return {
    servers: where,
    name: "diamond-agent",
    // The worker connects again, when it is time.
    reconnect: false,
    ...(user !== "" && { user, pass: password }),
    ...(token !== "" && { token }),
    ...(credentials !== "" && {
      authenticator: client.credsAuthenticator(
        new TextEncoder().encode(readRegularText(credentials, MAX_CREDENTIALS_BYTES)),
      ),
    }),
    ...(tls && { tls: { ...secureContext(tls), servername: tls.serverName || host } }),
  };
}

function faultText(where: string, { topic }: Message, error: unknown): string {
  const said = messageOf(error);
  return said.includes("no responders")
    ? `${where} has no stream for subjects such as "${topic}", or no JetStream`
    : `${where} says: ${said}`;
}
