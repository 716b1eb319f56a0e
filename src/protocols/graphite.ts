/**
 * Speaking to a carbon, or to what stands in for one: the options and the connection of all handlers
 * of the Graphite family. They differ in how they encode.
 */

import { configError } from "../core/errors.ts";
import type { DeliveryValues, HandlerContext, Sink } from "../core/handler.ts";
import type { Host } from "../ports/host.ts";
import type { Family, Target } from "../ports/net.ts";
import type { Metric } from "../core/metric.ts";
import { bool, choice, integer, number, text, type Values } from "../core/option.ts";
import { openDatagrams } from "./datagrams.ts";
import { openStream } from "./stream_sink.ts";
import { noTls, tlsOptions, tlsSettings } from "./tls.ts";

/** Fits an Ethernet frame with all headers, also through tunnels. */
const DATAGRAM_BYTES = 1400;
/** The stream transports. A format without lines needs one, because it cannot be cut into datagrams. */
export const STREAMS = ["tcp", "tcp4", "tcp6"] as const;
const TRANSPORTS = [...STREAMS, "udp", "udp4", "udp6"] as const;

/** All options but `host`, which is one name or a list of them. */
export function connectionOptions(port: number, transports: readonly Transport[] = TRANSPORTS) {
  return {
    port: integer(port, "Port of the receiver", { min: 1, max: 65_535 }),
    proto: choice<Transport>(
      "tcp",
      transports,
      "Transport, with 4 or 6 for one family of addresses",
    ),
    keepalive: bool(false, "Let the kernel probe a silent connection"),
    keepaliveinterval: number(10, "Seconds of silence before a probe", { min: 1 }),
    reconnect_interval: number(
      0,
      "Reconnect after this many seconds, to spread over a balancer; 0: never",
      { min: 0 },
    ),
    flow_info: integer(0, "Without effect: runtimes set no flow label"),
    scope_id: text("", "Zone of a link-local IPv6 address, such as eth0"),
    ...tlsOptions,
  };
}

/** For handlers that ask the operator for a host and a port only. */
export const plainConnection = {
  keepalive: false,
  keepaliveinterval: 10,
  reconnect_interval: 0,
  flow_info: 0,
  scope_id: "",
  ...noTls,
} as const;

export function graphiteOptions(host: string, port: number, transports?: readonly Transport[]) {
  return {
    host: text(host, "Name or address of the receiver"),
    ...connectionOptions(port, transports),
  };
}

type Transport = typeof TRANSPORTS[number];
type ConnectionValues = Values<ReturnType<typeof connectionOptions>>;
type Encode = (batch: readonly Metric[]) => Uint8Array;

/** A sink to one receiver, by the options' transport. */
export function openGraphite(
  { host }: Pick<HandlerContext, "host">,
  name: string,
  options: ConnectionValues & DeliveryValues,
  encode: Encode,
  refusal?: string,
): Sink {
  const target = targetOf(name, options.port, options);
  if (!options.proto.startsWith("udp")) {
    return openStream(host, { target, options, encode, refusal });
  }
  if (options.tls) throw configError(`tls needs TCP, and proto is ${options.proto}`);
  return datagramSink(host, target, options.reconnect_interval, encode);
}

export function targetOf(name: string, port: number, options: ConnectionValues): Target {
  return {
    host: name,
    port,
    family: (Number(options.proto.slice(3)) || 0) as Family,
    keepalive: options.keepalive ? options.keepaliveinterval : 0,
    scope: options.scope_id === "0" ? "" : options.scope_id,
    tls: options.tls ? tlsSettings(options) : undefined,
  };
}

function datagramSink(host: Host, target: Target, reconnectSeconds: number, encode: Encode): Sink {
  const { send, close } = openDatagrams(host, target, DATAGRAM_BYTES, reconnectSeconds);
  return {
    write: (batch, signal) => send(encode(batch), signal),
    [Symbol.asyncDispose]: close,
  };
}

/**
 * One backend for each entry of a list of `name`, `name:port` or `[address]:port`, each with the
 * options for it alone.
 */
export function perHost<V extends { readonly host: readonly string[]; readonly port: number }>(
  options: V,
): { backend: string; options: V }[] {
  if (options.host.length === 0) throw configError("host needs at least one name");
  return options.host.map((entry) => {
    const { name, port } = splitAddress(entry, options.port);
    return { backend: entry, options: { ...options, host: [name], port } };
  });
}

/** `a`, `a:1`, `[::1]:1`, and `::1`, whose colons are its own. */
export function splitAddress(entry: string, port: number): { name: string; port: number } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry);
  const plain = /^([^:]+):(\d+)$/.exec(entry);
  const [, name, number] = bracketed ?? plain ?? ["", entry, undefined];
  const chosen = number === undefined ? port : Number(number);
  if (name === "" || chosen < 1 || chosen > 65_535) {
    throw configError(`"${entry}" is no host or host:port`);
  }
  return { name, port: chosen };
}
