/** Recognizes a peer by its answer. Behind a wrong port there is usually another well-known service. */

import { excerpt } from "../core/visible.ts";

/** By the first bytes of what it says, a character for each. */
const LOOKS: readonly (readonly [RegExp, string])[] = [
  [/^(HTTP\/\d|\s*<(!DOCTYPE|html|\?xml)\b)/i, "an HTTP server"],
  [/^\x15\x03/, "a TLS port"],
  [/^SSH-\d/, "an SSH server"],
  [/^220[ -]/, "a mail or FTP server"],
  [/^(-|\+)[A-Z]/, "a Redis"],
  [/^(ERROR|CLIENT_ERROR|SERVER_ERROR)\b/, "a memcached"],
  // Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets.html
  [/^[^]{3}\0[\x0a\xff]/, "a MySQL or MariaDB"],
  [/^E[^]{4}S(FATAL|ERROR)/, "a PostgreSQL"],
  [/^AMQP/, "an AMQP broker"],
  [/^\xff[\xfb-\xfe]/, "a telnet server"],
];

const MAX_QUOTED = 60;

/** `looks like an HTTP server: it answers "HTTP/1.1 400 Bad Request"`. */
export function looksLike(said: string): string {
  const known = LOOKS.find(([pattern]) => pattern.test(said))?.[1] ?? "something else";
  return `looks like ${known}: it answers "${quotable(said)}"`;
}

/** The first line of what a peer has said, with nothing in it that a terminal obeys. */
export function quotable(said: string): string {
  const line = said.split(/[\r\n]/, 1)[0].replace(/[^\x20-\x7e]+/g, "?").replaceAll('"', "'");
  return line.length > MAX_QUOTED ? `${excerpt(line, MAX_QUOTED)}…` : line;
}

/** By what the runtimes say of an answer that is not of the protocol. */
const FOREIGN: Readonly<Record<"HTTP" | "TLS", RegExp>> = {
  HTTP: /HPE_|Parse Error|malformed|InvalidHTTP|invalid HTTP|BadStatusLine/i,
  TLS:
    /wrong.version|packet length|record.*(overflow|too)|EPROTO|InvalidContentType|corrupt message/i,
};

/** What an error says of a peer that speaks something else; undefined where it says nothing of that. */
export function foreignPeer(protocol: "HTTP" | "TLS", error: string): string | undefined {
  if (!FOREIGN[protocol].test(error)) return undefined;
  return protocol === "TLS"
    ? "looks like a port without TLS"
    : "looks like something else than an HTTP server";
}
