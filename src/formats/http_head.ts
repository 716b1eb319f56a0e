/**
 * The head of an HTTP request, for a small server. Strict: what could be read in two ways is refused.
 * Source: https://www.rfc-editor.org/rfc/rfc9112
 */

export interface RequestHead {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** What follows `?`, as it was sent. */
  readonly query: string;
  /** Names in lower case; those that come twice are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Lower case, without the port; "" where HTTP/1.0 leaves it out. */
  readonly host: string;
}

const REQUEST_LINE = /^([A-Z]{1,16}) (\S+) HTTP\/1\.([01])$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/s;
const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;
const PATH_QUERY = /^([^?#]+)?(?:\?([^#]*))?/;
/** `example.com`, `127.0.0.1`, `[::1]`, each with or without a port. */
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::\d{1,5})?$/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Takes what stands before the empty line. Undefined where that is not a request. */
export function parseRequestHead(text: string): RequestHead | undefined {
  const [first, ...lines] = text.split("\r\n");
  const [, method, target, minor] = REQUEST_LINE.exec(first) ?? [];
  if (method === undefined || CONTROL.test(text.replaceAll("\r\n", ""))) return undefined;
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined) return undefined;
    const key = name.toLowerCase();
    if (key === "host" && key in headers) return undefined;
    headers[key] = key in headers ? `${headers[key]}, ${value.trim()}` : value.trim();
  }
  const [start = "", named = headers.host] = ABSOLUTE.exec(target) ?? [];
  const [, path = "/", query = ""] = PATH_QUERY.exec(target.slice(start.length)) ?? [];
  if (!path.startsWith("/")) return undefined;
  if (headers.host === undefined && minor === "1") return undefined;
  if (named === undefined) return { method, path, query, headers, host: "" };
  const [, host] = AUTHORITY.exec(named) ?? [];
  return host === undefined
    ? undefined
    : { method, path, query, headers, host: host.toLowerCase() };
}

const NUMBER = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;

/** Whether an address is only to be reached from its own machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|\[?::ffff:127(\.\d{1,3}){3}\]?)$/i.test(host);
}

/**
 * Whether a server at a loopback address answers a request for this host. A browser asks under the name of the
 * page's own server, also where that name has been made to lead here (DNS rebinding). `isStrict`: the same at any
 * other address, where one that is asked by its number needs no name.
 */
export function answersTo(
  host: string,
  boundTo: string,
  allowed: readonly string[],
  isStrict = false,
): boolean {
  const isLocal = isLoopback(boundTo);
  if ((!isLocal && !isStrict) || host === "" || isLoopback(host)) return true;
  if (!isLocal && NUMBER.test(host)) return true;
  return allowed.some((name) => name.toLowerCase() === host);
}
