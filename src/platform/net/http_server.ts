/**
 * An HTTP server for GET, and for bodies where they are wanted: one request a connection, with bounds on everything
 * that a peer decides. Made on plain sockets, as the runtimes' own servers keep neither the bounds nor the same ones.
 */

import type { Socket } from "node:net";
import { undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import { answersTo } from "../../formats/http_head.ts";
import {
  type BodyRules,
  createRequestReader,
  formRules,
  type ReceivedRequest,
} from "../../formats/http_request.ts";
import type { HttpAnswer, HttpServerResponse, Listener, PostedResponse } from "../../ports/http.ts";
import type { ListenAddress } from "../../ports/net.ts";
import { net } from "../runtime/node_modules.ts";
import { createAdmission, type Place } from "./admission.ts";
import { message, plain } from "./http_message.ts";
import { openStream } from "./http_stream.ts";
import { listening } from "./listen.ts";

/** For the head of a request, or a form with it, however its bytes arrive. */
const REQUEST_MS = 5000;
/** For a body that comes in pieces. */
const BODY_MS = 30_000;
/** Of bodies that are not complete, all together. */
const MAX_HELD_BYTES = 16_777_216;
/** For a peer to read its answer. */
const ANSWER_MS = 30_000;
/** A peer that still sends is read for so long after its answer, which a reset would take from it. */
const LINGER_MS = 1000;
const STREAMS = { connections: 16, burst: 16, unread: Infinity };

/** An answer, which may go on after its body. */
type Answer = PostedResponse & Pick<HttpServerResponse, "stream">;

/** What a server does with requests. */
interface Work {
  readonly rules: BodyRules;
  /** Never rejects. */
  respond(request: ReceivedRequest): Promise<Answer>;
  /** A request that was not complete, or not one. */
  refused?(reason: string): void;
}

/** What a connection is served with. */
interface Service extends Work {
  /** Bytes of bodies that are not complete, of all connections. */
  held: number;
  /** A place among those whose answer goes on. */
  enterStreams(socket: Socket): Place;
}

export function listenHttp(at: ListenAddress, answer: HttpAnswer): Promise<Listener> {
  return serveHttp(at, {
    rules: formRules(at.formPaths ?? []),
    async respond({ head, body }) {
      const { path, query, headers } = head;
      const refused = foreign(head.host, at);
      if (refused !== undefined) return refused;
      try {
        return await answer({ path, query, headers, form: new TextDecoder().decode(body) });
      } catch {
        return plain(500, "The agent cannot answer that");
      }
    },
  });
}

/** The answer to a request under a name that is not the server's. */
export function foreign(
  host: string,
  { host: boundTo, allowedHosts = [], isStrict }: ListenAddress,
): HttpServerResponse | undefined {
  return answersTo(host, boundTo, allowedHosts, isStrict)
    ? undefined
    : plain(403, "This host's name is not answered to");
}

export async function serveHttp(
  { host, port }: Pick<ListenAddress, "host" | "port">,
  work: Work,
): Promise<Listener> {
  const now = () => performance.now();
  const admission = createAdmission(now);
  const streams = createAdmission(now, STREAMS);
  const enter = (to: typeof admission, socket: Socket) =>
    to.enter(socket.remoteAddress ?? "", () => socket.destroy());
  const enterStreams = (socket: Socket) => enter(streams, socket);
  const service: Service = { ...work, held: 0, enterStreams };
  const server = net().createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    const place = enter(admission, socket);
    socket.on("close", place.leave);
    serve(socket, service, place);
  });
  try {
    await listening(server, { port, host });
  } catch (error) {
    throw undelivered(`cannot listen at ${addressText({ host, port })}`, error);
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
  const reader = createRequestReader(service.rules);
  let isComplete = false;
  let hasHead = false;
  let held = 0;
  const late = () => refuse(408, "The request did not come in time");
  let limit = after(REQUEST_MS, late);
  socket.on("close", () => {
    clearTimeout(limit);
    hold(0);
  });
  socket.on("data", (chunk: Uint8Array) => {
    // What comes after the request is read and thrown away.
    if (isComplete) return;
    const request = reader.take(chunk);
    hold(reader.held);
    if (request === undefined) wait();
    else if ("status" in request) refuse(request.status, request.reason);
    else {
      complete();
      const { method, headers } = request.head;
      const how = {
        gzip: /\bgzip\b/.test(headers["accept-encoding"] ?? ""),
        bodiless: method === "HEAD",
      };
      void service.respond(request).then((response) => reply(response, how));
    }
  });
  socket.on("end", () => isComplete || socket.destroy());

  function hold(bytes: number): void {
    service.held += bytes - held;
    held = bytes;
  }

  /** For the rest of a request. */
  function wait(): void {
    if (service.held > MAX_HELD_BYTES) return refuse(503, "Too much is being sent: try again");
    if (reader.awaitsContinue) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (hasHead || !reader.hasHead || service.rules.inChunks !== true) return;
    hasHead = true;
    clearTimeout(limit);
    limit = after(BODY_MS, late);
  }

  function complete(): void {
    isComplete = true;
    clearTimeout(limit);
    hold(0);
  }

  function refuse(status: number, reason: string): void {
    complete();
    service.refused?.(reason);
    reply(plain(status, reason), {});
  }

  function reply(response: Answer, how: Parameters<typeof message>[1]): void {
    if (socket.destroyed) return;
    const bytes = message(response, how);
    clearTimeout(limit);
    if (response.stream !== undefined && !how.bodiless) {
      place.leave();
      socket.on("close", service.enterStreams(socket).leave);
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

/** A timer that keeps no process alive. */
function after(milliseconds: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, milliseconds).unref();
}
