/**
 * An HTTP server for GET, and for forms where they are wanted: one request a connection, with bounds on everything
 * that a peer decides. Made on plain sockets, as the runtimes' own servers keep neither the bounds nor the same ones.
 */

import type { Socket } from "node:net";
import { undelivered } from "../../core/errors.ts";
import { answersTo } from "../../formats/http_head.ts";
import { createRequestReader, type ReceivedRequest } from "../../formats/http_request.ts";
import type { HttpAnswer, HttpServerResponse, Listener } from "../../ports/http.ts";
import type { ListenAddress } from "../../ports/net.ts";
import { net } from "../runtime/node_modules.ts";
import { createAdmission, type Place } from "./admission.ts";
import { message, plain } from "./http_message.ts";
import { openStream } from "./http_stream.ts";
import { listening } from "./listen.ts";

/** For the whole request, however its bytes arrive. */
const REQUEST_MS = 5000;
/** For a peer to read its answer. */
const ANSWER_MS = 30_000;
/** A peer that still sends is read for so long after its answer, which a reset would take from it. */
const LINGER_MS = 1000;
const STREAMS = { connections: 16, burst: 16, unread: Infinity };

/** What a connection is served with. */
interface Service {
  readonly at: ListenAddress;
  readonly answer: HttpAnswer;
  /** A place among those whose answer goes on. */
  enterStreams(socket: Socket): Place;
}

export async function listenHttp(at: ListenAddress, answer: HttpAnswer): Promise<Listener> {
  const { host, port } = at;
  const now = () => performance.now();
  const admission = createAdmission(now);
  const streams = createAdmission(now, STREAMS);
  const enter = (to: typeof admission, socket: Socket) =>
    to.enter(socket.remoteAddress ?? "", () => socket.destroy());
  const service = { at, answer, enterStreams: (socket: Socket) => enter(streams, socket) };
  const server = net().createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    const place = enter(admission, socket);
    socket.on("close", place.leave);
    serve(socket, service, place);
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
      streams.end();
      return closed;
    },
  };
}

/** Reads one request, writes one answer, and ends. */
function serve(socket: Socket, service: Service, place: Place): void {
  const { at, answer, enterStreams } = service;
  const reader = createRequestReader(at.formPaths ?? []);
  let isComplete = false;
  let limit = after(REQUEST_MS, () => refuse(408, "No request came in time"));
  socket.on("close", () => clearTimeout(limit));
  socket.on("data", (chunk: Uint8Array) => {
    // What comes after the request is read and thrown away.
    if (isComplete) return;
    const request = reader.take(latin1(chunk));
    if (request === undefined) {
      if (reader.awaitsContinue) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    } else if ("status" in request) refuse(request.status, request.reason);
    else {
      isComplete = true;
      clearTimeout(limit);
      const { method, headers } = request.head;
      const how = {
        gzip: /\bgzip\b/.test(headers["accept-encoding"] ?? ""),
        bodiless: method === "HEAD",
      };
      void respond(request, at, answer).then((response) => reply(response, how));
    }
  });
  socket.on("end", () => isComplete || socket.destroy());

  function refuse(status: number, reason: string): void {
    isComplete = true;
    reply(plain(status, reason), {});
  }

  function reply(response: HttpServerResponse, how: Parameters<typeof message>[1]): void {
    if (socket.destroyed) return;
    const bytes = message(response, how);
    clearTimeout(limit);
    if (response.stream !== undefined && !how.bodiless) {
      place.leave();
      socket.on("close", enterStreams(socket).leave);
      socket.write(bytes);
      return openStream(socket, response.stream);
    }
    limit = after(ANSWER_MS, () => socket.destroy());
    place.answering(bytes.length);
    socket.end(bytes, () => {
      clearTimeout(limit);
      limit = after(LINGER_MS, () => socket.destroy());
    });
  }
}

async function respond(
  { head, form }: ReceivedRequest,
  { host: boundTo, allowedHosts = [], isStrict }: ListenAddress,
  answer: HttpAnswer,
): Promise<HttpServerResponse> {
  const { host, path, query, headers } = head;
  if (!answersTo(host, boundTo, allowedHosts, isStrict)) {
    return plain(403, "This host's name is not answered to");
  }
  try {
    return await answer({ path, query, headers, form: utf8(form) });
  } catch {
    return plain(500, "The agent cannot answer that");
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function utf8(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

/** A timer that keeps no process alive. */
function after(milliseconds: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, milliseconds).unref();
}
