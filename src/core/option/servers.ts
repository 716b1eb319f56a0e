/** Servers to ask, as Diamond's collectors write them. */

import { formatList, items } from "./lists.ts";
import { type Option, type Raw, refuse } from "./option.ts";

/** A server to ask. */
export interface Server {
  /** The name used for the server in metrics; "" if none was written. */
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  /** Path of a unix socket instead of host and port, or "". */
  readonly socket: string;
  readonly user: string;
  readonly password: string;
}

const FORM = "[alias@]host[:port], or [alias@]unix:/path";
const SERVER =
  /^(?:(?<alias>[^@]+)@)?(?:(?:unix:)?(?<socket>\/[^:]*)(?::\/(?<secret>.*))?|(?<host>\[[^\]]+\]|[^:/\s]*)(?::(?<port>\d+))?(?:\/(?<password>.*))?)$/s;
const MAX_PORT = 65_535;

/** A list of `[alias@]host[:port][/password]` or `[alias@]unix:/path[:/password]`. */
export function servers(
  fallback: readonly string[],
  port: number,
  help: string,
): Option<readonly Server[]> {
  const parse = (raw: Raw) => items(raw).map((item) => serverOf(item.trim(), port));
  return {
    type: "servers",
    fallback: parse(fallback),
    help,
    allowed: FORM,
    secret: false,
    secretsIn: (all) => all.map(({ password }) => password).filter((one) => one !== ""),
    parse,
    // The password stays out: this is for people to read.
    format: (all) => formatList(all.map(written)),
    made: ["servers", fallback, port, help],
  };
}

/** Its address, for messages: `10.0.0.5:6379` or `/run/redis.sock`. */
export function addressText(
  { host, port, socket = "" }: Pick<Server, "host" | "port"> & { readonly socket?: string },
): string {
  if (socket !== "") return socket;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function written(server: Server): string {
  const { alias, socket } = server;
  return `${alias && `${alias}@`}${socket === "" ? addressText(server) : `unix:${socket}`}`;
}

function serverOf(item: string, fallbackPort: number): Server {
  const { alias = "", socket = "", secret, host = "", port, password = secret ?? "" } =
    SERVER.exec(item)?.groups ?? {};
  const number = Number(port ?? fallbackPort);
  if ((socket === "" && host === "" && port === undefined) || number < 1 || number > MAX_PORT) {
    throw refuse(`"${item.replace(/\/.*$/s, "")}" is not a server: write ${FORM}`);
  }
  const name = host.replace(/^\[|\]$/g, "") || "localhost";
  return { alias, host: name, port: number, socket, user: "", password };
}
