/** Where a handler sends to, in a word, from its options: without users, passwords and tokens. */

import { shownUrl } from "../core/secrets.ts";

type OptionValues = Readonly<Record<string, unknown>>;

/** Undefined where the options name no place. */
export function destinationOf(options: OptionValues): string | undefined {
  const { url, socket, log_file: file } = options;
  if (isText(url)) return shownUrl(url);
  if (isText(socket)) return socket;
  const { host: place, brokers, hostname, server, rmq_server: pubsub, dsn, basedir } = options;
  // Of several, one backend has one; or they share what there is.
  if (Array.isArray(place) && place.length > 1) return place.join(", ");
  if (Array.isArray(brokers)) return brokers.join(", ");
  const host = [place, pubsub, hostname, server].map((one) => Array.isArray(one) ? one[0] : one)
    .find(isText);
  if (host?.includes("://")) return shownUrl(host);
  const ports = pubsub === undefined || String(pubsub) === "" ? [options.port] : [options.rmq_port];
  const port = [...ports, options.udpport, options.tcpport].find(isPort);
  if (host !== undefined && port !== undefined) return addressOf(host, port);
  return [file, host, basedir].find(isText) ?? (isText(dsn) ? shownUrl(dsn) : undefined);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isPort(value: unknown): value is number {
  return typeof value === "number" && value > 0;
}

function addressOf(host: string, port: number): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
}
