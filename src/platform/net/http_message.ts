/** Answers of the HTTP server as bytes. */

import type { HttpServerResponse, PostedResponse } from "../../ports/http.ts";
import { zlib } from "../runtime/node_modules.ts";

/** Compressing less than this saves nothing. */
const MIN_GZIP_BYTES = 512;
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  204: "No Content",
  302: "Found",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  411: "Length Required",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

interface MessageOptions {
  /** The peer takes gzip. */
  readonly gzip?: boolean;
  /** The answer to HEAD. */
  readonly bodiless?: boolean;
}

/** An answer with a body that may be bytes, and may go on after it. */
type Answer = PostedResponse & Pick<HttpServerResponse, "stream">;

export function message(response: Answer, how: MessageOptions): Uint8Array {
  const { gzip, bodiless } = how;
  const { body, stream } = response;
  const isPacked = gzip === true && stream === undefined && body.length >= MIN_GZIP_BYTES;
  const bytes = isPacked ? zlib().gzipSync(body, { level: 1 }) : Buffer.from(body);
  const head = Buffer.from(headOf(response, bytes.length, isPacked));
  return bodiless ? head : Buffer.concat([head, bytes]);
}

export function plain(status: number, text: string): HttpServerResponse {
  return { status, type: "text/plain; charset=utf-8", body: `${text}\n` };
}

function headOf(response: Answer, length: number, isPacked: boolean): string {
  const { status, type, stream, headers = {} } = response;
  return [
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Unknown"}`,
    `date: ${new Date().toUTCString()}`,
    ...(status === 204 ? [] : [`content-type: ${type}`]),
    ...(stream === undefined && status !== 204 ? [`content-length: ${length}`] : []),
    ...(isPacked ? ["content-encoding: gzip"] : []),
    ...(status === 405 ? ["allow: GET, HEAD"] : []),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "x-content-type-options: nosniff",
    "cache-control: no-store",
    "connection: close",
  ].join("\r\n") + "\r\n\r\n";
}
