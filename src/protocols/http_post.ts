/** Posting a batch: what all handlers that speak HTTP have in common, and what answers mean. */

import { refused, type Rejected, undelivered } from "../core/errors.ts";
import type { Host } from "../ports/host.ts";
import type { HttpResponse } from "../ports/http.ts";
import { headers, integer, secret, text, type Values } from "../core/option.ts";
import { headersOf } from "../formats/http_headers.ts";
import { shownUrl } from "../core/secrets.ts";
import { excerpt } from "../core/visible.ts";
import { tlsOptions, tlsSettings } from "./tls.ts";

/** Without a URL: that is the handler's. */
export function postOptions(compression = 0) {
  return {
    ...compressionOption(compression),
    user: text("", "User for Basic auth"),
    password: secret("", "Password for Basic auth"),
    ...tlsOptions,
  };
}

/** For services that know their users by a key. */
export function keyedPostOptions(compression = 0) {
  return { ...compressionOption(compression), ...tlsOptions };
}

function compressionOption(level: number) {
  return {
    compression: integer(level, "Level of gzip for what is sent, 0: none", { min: 0, max: 9 }),
  };
}

/** For services that want more than Basic auth. */
export const headerOptions = {
  headers: headers([], "More headers, such as X-Scope: me"),
  token: secret("", "Token for Bearer auth"),
};

/** Parses the configured headers. Throws `config` for an entry that is not a header. */
export function ownHeaders({ headers, token }: Values<typeof headerOptions>) {
  const all = headersOf(headers);
  if (token !== "") all.authorization = `Bearer ${token}`;
  return all;
}

type PostValues =
  & Values<ReturnType<typeof keyedPostOptions>>
  & Partial<Values<ReturnType<typeof postOptions>>>;

interface Sent {
  readonly url: string;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Judging {
  /** A page is an answer like any other: what the receiver is was the operator's choice. */
  readonly anyAnswer?: boolean;
  /** The points that an answer says were refused, by name or by number; the others were taken. */
  rejected?(body: string): Rejected;
  /** What an answer of 400 says where no point is at fault, such as "slow down". */
  readonly passing?: RegExp;
  /** What an answer says is at fault, where its status does not say it; undefined: its status does. */
  faultOf?(answer: HttpResponse): "points" | "server" | undefined;
}

const encoder = new TextEncoder();

/**
 * Posts once; resolves where the backend took it. Throws `refused` for what it will never take, and
 * `undelivered` for the rest: what an operator or the server itself may still mend.
 */
export async function post(
  host: Host,
  options: PostValues,
  request: Sent & Judging,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const answer = await send(host, options, request, signal);
  judge(request.url, answer, request);
  return answer;
}

/** Posts once, and returns any answer. */
export function send(
  host: Host,
  options: PostValues,
  { url, type, body, headers = {} }: Sent,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const { user = "", password = "", compression } = options;
  return host.net.request({
    method: "POST",
    url,
    headers: { "content-type": type, ...headers },
    body: typeof body === "string" ? encoder.encode(body) : body,
    gzip: compression,
    login: user === "" ? undefined : { user, password },
    tls: tlsSettings(options),
  }, signal);
}

/** What takes metrics does not answer with a page: that is somebody else's port. */
function refusePages(url: string, { status, headers, body }: HttpResponse): void {
  if (status < 200 || status >= 300 || body === "") return;
  if (!/^text\/html\b/i.test(headers["content-type"] ?? "")) return;
  throw undelivered(
    `${shownUrl(url)} answers ${status} with a web page: is it the right port?`,
  );
}

/** The body is at fault, or it is too large: parts of it may be taken. */
const ABOUT_THE_BODY = [400, 413, 422];

/** Throws where an answer says that not all was taken, as `post` does. */
export function judge(
  url: string,
  answer: HttpResponse,
  { anyAnswer = false, rejected = () => [], passing, faultOf }: Judging,
): void {
  if (!anyAnswer) refusePages(url, answer);
  const { status, headers, body } = answer;
  const fault = faultOf?.(answer);
  const isTaken = fault === undefined && status >= 200 && status < 300;
  const isAboutBody = fault === "points" ||
    (fault === undefined && ABOUT_THE_BODY.includes(status) && passing?.test(body) !== true);
  const points = isTaken || isAboutBody ? rejected(body) : [];
  const count = typeof points === "number" ? points : points.length;
  if (isTaken && count === 0) return;
  const said = excerpt(body.trim().replace(/\s+/g, " "), 200) ||
    (isTaken ? `it has left out ${count}` : "");
  const text = `${shownUrl(url)} answers ${status}${said === "" ? "" : `: ${said}`}`;
  if (isTaken || isAboutBody) {
    const error = refused(text);
    error.points = points;
    throw error;
  }
  if (status >= 300 && status < 400) {
    throw undelivered(
      `${text}: it redirects to "${
        headers.location ?? ""
      }", which is not followed; name the place itself`,
    );
  }
  const error = undelivered(text);
  const seconds = Number(headers["retry-after"]);
  if (seconds > 0) error.retryAfter = seconds;
  throw error;
}

/** A path below a base that may end with a slash. */
export function below(base: string, path: string): string {
  return `${base.replace(/\/+$/, "")}/${path}`;
}

/** `https://[::1]:8086` */
export function baseUrl(tls: boolean, host: string, port: number): string {
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return `${tls ? "https" : "http"}://${name}:${port}`;
}
