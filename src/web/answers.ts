/** Answers of the page's server: JSON and texts, with the headers that keep other sites out. */

import { codeOf, messageOf } from "../core/errors.ts";
import type { HttpServerResponse } from "../ports/http.ts";

/** For all answers but the page itself. */
const CLOSED: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
};

export function json(value: unknown, status = 200): HttpServerResponse {
  return { status, type: "application/json", body: JSON.stringify(value), headers: CLOSED };
}

/** Why there is no answer, in the form that the page reads. */
export function refusal(
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): HttpServerResponse {
  const answer = json({ error }, status);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** What somebody asked for cannot be had: their mistake where it is a `config`, a RangeError or a parser's. */
export function failed(error: unknown): HttpServerResponse {
  if (codeOf(error) !== "config" && !(error instanceof RangeError)) throw error;
  return refusal(400, messageOf(error));
}

export function html(
  body: string,
  headers: Readonly<Record<string, string>>,
): HttpServerResponse {
  return {
    status: 200,
    type: "text/html; charset=utf-8",
    body,
    headers: { ...CLOSED, ...headers },
  };
}

export function stream(open: NonNullable<HttpServerResponse["stream"]>): HttpServerResponse {
  return {
    status: 200,
    type: "text/event-stream; charset=utf-8",
    body: "retry: 3000\n\n",
    headers: { ...CLOSED, "x-accel-buffering": "no" },
    stream: open,
  };
}
