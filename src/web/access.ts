/**
 * Who may read the page: requests of other sites are refused, by what browsers say of them, and everybody has to know
 * the token where there is one.
 */

import type { HttpServerRequest, HttpServerResponse } from "../ports/http.ts";
import { parseParameters } from "../formats/query_string.ts";
import { html, refusal } from "./answers.ts";

interface Guarded {
  /** Empty: none is asked for. */
  readonly token: string;
  /** Agents of one host have cookies of their own. */
  readonly port: number;
}

/** Undefined: the request is answered. */
export function refusedAccess(
  request: HttpServerRequest,
  guarded: Guarded,
): HttpServerResponse | undefined {
  if (isForeign(request)) return refusal(403, "requests of other sites are not answered");
  if (guarded.token === "" || knowsToken(request, guarded)) return undefined;
  const given = parseParameters(request.query).text("token");
  if (given !== undefined && isSame(given, guarded.token)) {
    return request.path === "/" ? entrance(guarded) : undefined;
  }
  return refusal(
    401,
    "the token is missing: open /?token=… once, or send it as Authorization: Bearer …",
    { "www-authenticate": "Bearer" },
  );
}

/** A link from elsewhere to the page is no more than a link; anything else of another site is refused. */
function isForeign({ path, headers }: HttpServerRequest): boolean {
  const { origin, host = "" } = headers;
  const from = headers["sec-fetch-site"];
  const isLink = path === "/" && headers["sec-fetch-mode"] === "navigate" &&
    headers["sec-fetch-dest"] === "document";
  if (from !== undefined && from !== "same-origin" && from !== "none" && !isLink) return true;
  return origin !== undefined && !isLink && origin.replace(/^https?:\/\//, "") !== host;
}

function knowsToken({ headers }: HttpServerRequest, guarded: Guarded): boolean {
  const [, bearer] = /^Bearer +(.*)$/i.exec(headers.authorization ?? "") ?? [];
  if (bearer !== undefined && isSame(bearer, guarded.token)) return true;
  const cookies = (headers.cookie ?? "").split(/[;,] */);
  return cookies.some((one) => isSame(one, cookieOf(guarded)));
}

function cookieOf({ token, port }: Guarded): string {
  return `diamond_agent_${port}=${encodeURIComponent(token)}`;
}

/**
 * Keeps the token as a cookie, and opens the page without it in the address. By a refresh: a browser does not send
 * a strict cookie along a redirect that began at another site.
 */
function entrance(guarded: Guarded): HttpServerResponse {
  return html("<!doctype html><title>diamond-agent</title>", {
    "set-cookie": `${cookieOf(guarded)}; Path=/; HttpOnly; SameSite=Strict`,
    refresh: "0; url=./",
  });
}

/** In the same time wherever they differ. */
function isSame(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let at = 0; at < given.length; at++) {
    difference |= given.charCodeAt(at) ^ expected.charCodeAt(at % expected.length);
  }
  return difference === 0;
}
