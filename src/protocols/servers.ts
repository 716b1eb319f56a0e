/** The options of collectors that ask one server or several, and the servers that they come to. */

import { badData } from "../core/errors.ts";
import { integer, type Server, servers, text, type Values } from "../core/option.ts";
import type { Address } from "../ports/net.ts";

export const MAX_PORT = 65_535;

/** `host`, `port` and `instances`. */
export function serverOptions(host: string, port: number) {
  return {
    host: text(host, "Name or address of the server, or unix:/path; used where instances is empty"),
    port: integer(port, "Its port", { min: 1, max: MAX_PORT }),
    instances: servers([], port, "Servers: [alias@]host[:port][/password]"),
  };
}

/** `instances`, or the one server of `host` and `port`. */
export function serversOf(
  { instances, host, port }: Values<ReturnType<typeof serverOptions>>,
  password = "",
): readonly Server[] {
  if (instances.length > 0) return instances;
  const socket = host.startsWith("unix:") ? host.slice("unix:".length) : "";
  return [{ alias: "", host, port, socket, user: "", password }];
}

export function addressOf(
  { host, port, socket }: Pick<Server, "host" | "port" | "socket">,
): Address {
  return socket === "" ? { host, port } : { path: socket };
}

interface NamedServer {
  /** "" where the operator wrote none. */
  readonly alias: string;
  /** As it was written, without the port; the path of a unix socket. */
  readonly host: string;
  readonly address: Address;
}

/** Parses `[alias@]host:port`. Without a port it is the path of a unix socket, or gets `fallbackPort`. */
export function namedServer(item: string, fallbackPort?: number): NamedServer {
  const [, alias = "", host, written] = /^(?:([^@]+)@)?([^@]+?)(?::(\d+))?$/.exec(item.trim()) ??
    [];
  const port = written === undefined ? fallbackPort : Number(written);
  if (host === undefined || (port !== undefined && (port < 1 || port > MAX_PORT))) {
    throw badData(`"${item}" is not a server: write [alias@]host:port`);
  }
  const isSocket = port === undefined || host.startsWith("/");
  const address = isSocket ? { path: host } : { host: host.replace(/^\[|\]$/g, ""), port };
  return { alias, host, address };
}
