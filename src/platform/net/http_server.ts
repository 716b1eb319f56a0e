/**
 * An HTTP server that only answers GET: one request a connection, with bounds on everything that a peer decides.
 * Made on plain sockets, as the runtimes' own servers keep neither the bounds nor the same ones.
 */

import type { Socket } from "node:net";
import { undelivered } from "../../core/errors.ts";
import { answersTo, parseRequestHead } from "../../formats/http_head.ts";
import type { HttpServerRequest, HttpServerResponse, Listener } from "../../ports/http.ts";
import type { ListenAddress } from "../../ports/net.ts";
import { net, zlib } from "../runtime/node_modules.ts";
import { createAdmission } from "./admission.ts";
import { listening } from "./listen.ts";

const MAX_HEAD_BYTES = 16_384;
/** For the whole head, however its bytes arrive. */
const HEAD_MS = 5000;
/** For a peer to read its answer. */
const ANSWER_MS = 30_000;
/** A peer that still sends is read for so long after its answer, which a reset would take from it. */
const LINGER_MS = 1000;
const HEAD_END = "\r\n\r\n";
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
};

type Answer = (asked: HttpServerRequest) => HttpServerResponse;

export async function listenHttp(at: ListenAddress, answer: Answer): Promise<Listener> {
  const { host, port } = at;
  const admission = createAdmission(() => performance.now());
  const server = net().createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    const place = admission.enter(socket.remoteAddress ?? "", () => socket.destroy());
    socket.on("close", place.leave);
    serve(socket, (head) => respond(head, at, answer), place.answering);
  });
  try {
    await listening(server, { port, host });
  } catch (error) {
    throw undelivered(`cannot listen at ${host}:${port}`, error);
  }
  return {
    close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      admission.end();
      return closed;
    },
  };
}

/** Reads one head, writes one answer, and ends. */
function serve(
  socket: Socket,
  respond: (head: string) => Uint8Array,
  answering: (bytes: number) => void,
): void {
  let text = "";
  let answered = false;
  let limit = after(HEAD_MS, () => reply(plain(408, "No request came in time")));
  socket.on("close", () => clearTimeout(limit));
  socket.on("data", (chunk: Uint8Array) => {
    // What comes after the head is read and thrown away.
    if (answered) return;
    text += latin1(chunk.subarray(0, MAX_HEAD_BYTES));
    const end = text.indexOf(HEAD_END);
    if (end >= 0 && end <= MAX_HEAD_BYTES) reply(respond(text.slice(0, end)));
    else if (text.length >= MAX_HEAD_BYTES) reply(plain(431, "The head is too long"));
  });
  socket.on("end", () => answered || socket.destroy());

  function reply(bytes: Uint8Array): void {
    answered = true;
    text = "";
    clearTimeout(limit);
    limit = after(ANSWER_MS, () => socket.destroy());
    answering(bytes.length);
    socket.end(bytes, () => {
      clearTimeout(limit);
      limit = after(LINGER_MS, () => socket.destroy());
    });
  }
}

function respond(text: string, { host, allowedHosts = [] }: ListenAddress, answer: Answer) {
  const head = parseRequestHead(text);
  if (head === undefined) return plain(400, "That is not an HTTP request");
  if (!answersTo(head.host, host, allowedHosts)) {
    return plain(403, "This host's name is not answered to");
  }
  const { method, path, headers } = head;
  if (method !== "GET" && method !== "HEAD") return plain(405, "Only GET");
  try {
    const { status, type, body } = answer({ path, headers });
    const accepted = /\bgzip\b/.test(headers["accept-encoding"] ?? "");
    return message(status, type, body, { gzip: accepted, bodiless: method === "HEAD" });
  } catch {
    return plain(500, "The agent cannot answer that");
  }
}

function plain(status: number, text: string): Uint8Array {
  return message(status, "text/plain; charset=utf-8", `${text}\n`, {});
}

function message(
  status: number,
  type: string,
  body: string,
  how: { readonly gzip?: boolean; readonly bodiless?: boolean },
): Uint8Array {
  const bytes = how.gzip ? zlib().gzipSync(body, { level: 1 }) : Buffer.from(body);
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Unknown"}`,
    `date: ${new Date().toUTCString()}`,
    `content-type: ${type}`,
    `content-length: ${bytes.length}`,
    ...(how.gzip ? ["content-encoding: gzip"] : []),
    ...(status === 405 ? ["allow: GET, HEAD"] : []),
    "x-content-type-options: nosniff",
    "cache-control: no-store",
    "connection: close",
  ].join("\r\n") + HEAD_END;
  return how.bodiless ? Buffer.from(head) : Buffer.concat([Buffer.from(head), bytes]);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** A timer that keeps no process alive. */
function after(milliseconds: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, milliseconds).unref();
}
