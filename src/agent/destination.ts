/** Where a handler sends to, in a word, from its options: without users, passwords and tokens. */

import { shownUrl } from "../core/secrets.ts";

type OptionValues = Readonly<Record<string, unknown>>;

/** Undefined where the options name no place. */
export function destinationOf(options: OptionValues): string | undefined {
  const { url, socket, log_file: file } = options;
  if (isText(url)) return shownUrl(url);
  if (isText(socket)) return socket;
  const host = [options.host, options.hostname].find(isText);
  const port = [options.port, options.udpport, options.tcpport].find(isPort);
  if (host !== undefined && port !== undefined) return addressOf(host, port);
  return isText(file) ? file : host;
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
