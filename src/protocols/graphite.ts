/**
 * Speaking to a carbon, or to what stands in for one: the options and the connection of all handlers
 * of the Graphite family. They differ in how they encode.
 */

import { configError } from "../core/errors.ts";
import type { DeliveryValues, HandlerContext, Sink } from "../core/handler.ts";
import type { Connection, Family, Host, Target } from "../ports/host.ts";
import type { Metric } from "../core/metric.ts";
import { bool, choice, integer, number, text, type Values } from "../core/option.ts";
import { openDatagrams } from "./datagrams.ts";
import { noTls, tlsOptions, tlsSettings } from "./tls.ts";

/** Fits an Ethernet frame with all headers, also through tunnels. */
const DATAGRAM_BYTES = 1400;
/** Formats that are no lines cannot be cut into datagrams. */
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
      "Connect anew after this many seconds, to spread over a balancer; 0: never",
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
type StreamValues =
  & Pick<ConnectionValues, "reconnect_interval">
  & Pick<DeliveryValues, "resend_seconds" | "timeout">;
type Encode = (batch: readonly Metric[]) => Uint8Array;

/** A sink to one receiver, by the options' transport. */
export function openGraphite(
  { host }: Pick<HandlerContext, "host">,
  name: string,
  options: ConnectionValues & DeliveryValues,
  encode: Encode,
): Sink {
  const target: Target = {
    host: name,
    port: options.port,
    family: (Number(options.proto.slice(3)) || 0) as Family,
    keepalive: options.keepalive ? options.keepaliveinterval : 0,
    scope: options.scope_id === "0" ? "" : options.scope_id,
    tls: options.tls ? tlsSettings(options) : undefined,
  };
  if (!options.proto.startsWith("udp")) return streamSink(host, target, options, encode);
  if (options.tls) throw configError(`tls needs TCP, and proto is ${options.proto}`);
  return datagramSink(host, target, options.reconnect_interval, encode);
}

function streamSink(host: Host, target: Target, options: StreamValues, encode: Encode): Sink {
  let connection: Connection | undefined;
  let since = 0;
  /** A connection ended in a way that may have lost what went by it. */
  let broken = false;
  /** Bytes that had been written at a time, for the seconds that matter. */
  let written: { at: number; total: number }[] = [];
  const now = () => host.clock.monotonic();

  /** Lets a connection go that has ended; in order, where the peer had time to read everything. */
  function letGoEnded(): void {
    if (connection === undefined || connection.state === "open") return;
    const consumed = connection.state === "ended" &&
      now() - (written.at(-1)?.at ?? 0) >= options.resend_seconds * 1000;
    if (!consumed) broken = true;
    forget()?.destroy();
  }

  function forget(): Connection | undefined {
    const old = connection;
    connection = undefined;
    written = [];
    return old;
  }

  async function closeOrderly(): Promise<void> {
    if (await forget()?.close() === false) broken = true;
  }

  async function begin(batch: readonly Metric[], signal: AbortSignal): Promise<void> {
    connection = await host.net.connect(target, signal);
    since = now();
    await send(connection, batch, signal);
  }

  /** Without a promise where the kernel takes it at once, as it nearly always does. */
  function send(
    to: Connection,
    batch: readonly Metric[],
    signal: AbortSignal,
  ): void | Promise<void> {
    try {
      const bytes = encode(batch);
      const pending = to.write(bytes, signal);
      if (pending === undefined) return note(bytes.length);
      const { length } = bytes;
      return pending.then(() => note(length), giveUp);
    } catch (error) {
      giveUp(error);
    }
  }

  function note(bytes: number): void {
    const limit = now() - (options.resend_seconds + options.timeout) * 1000;
    while (written.length > 1 && written[1].at <= limit) written.shift();
    written.push({ at: now(), total: (written.at(-1)?.total ?? 0) + bytes });
  }

  function giveUp(error: unknown): never {
    broken = true;
    forget()?.destroy();
    throw error;
  }

  function acknowledged(seconds: number): boolean {
    if (connection === undefined) return true;
    const waiting = connection.unacknowledged();
    if (waiting === undefined) return false;
    const total = (written.at(-1)?.total ?? 0) - waiting;
    const wasWritten = (ago: number) =>
      written.findLast(({ at }) => at <= now() - ago * 1000)?.total ?? 0;
    if (total < wasWritten(seconds + options.timeout)) {
      // It takes nothing, or next to nothing: another connection may do better.
      broken = true;
      forget()?.destroy();
      return false;
    }
    return total >= wasWritten(seconds);
  }

  return {
    line: {
      broken() {
        letGoEnded();
        const told = broken;
        broken = false;
        return told;
      },
      acknowledged,
    },
    write(batch, signal) {
      // A peer that went away has said so by its FIN: what is written now would be lost.
      letGoEnded();
      if (isOld(host, since, options.reconnect_interval)) void closeOrderly();
      return connection === undefined ? begin(batch, signal) : send(connection, batch, signal);
    },
    [Symbol.asyncDispose]: closeOrderly,
  };
}

function datagramSink(host: Host, target: Target, reconnectSeconds: number, encode: Encode): Sink {
  const { send, close } = openDatagrams(host, target, DATAGRAM_BYTES, reconnectSeconds);
  return {
    write: (batch, signal) => send(encode(batch), signal),
    [Symbol.asyncDispose]: close,
  };
}

function isOld({ clock }: Host, since: number, seconds: number): boolean {
  return seconds > 0 && clock.monotonic() - since >= seconds * 1000;
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
