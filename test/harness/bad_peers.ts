/**
 * Backends that record what they take, and what can go wrong on the way to them: a proxy that does one
 * bad thing to the first connection, and passes on whatever comes after it.
 */

import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { gunzipSync } from "node:zlib";
import { uncompress } from "snappyjs";

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface Recorder {
  readonly port: number;
  /** The paths of all points that came, as often as they came. */
  taken(): string[];
  close(): void;
}

/** What tests call their points: it survives every format. */
export const pathOf = (index: number) => `p${String(index).padStart(5, "0")}x`;
const PATHS = /p\d{5}x/g;

/** Takes whatever comes. */
export async function lineRecorder(tls?: TlsOptions): Promise<Recorder> {
  const texts = new Map<Socket, string>();
  const take = (socket: Socket) => {
    socket.on("error", () => {});
    socket.on(
      "data",
      (chunk) => texts.set(socket, (texts.get(socket) ?? "") + chunk.toString("latin1")),
    );
  };
  const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  return {
    port: await listen(server),
    taken: () => [...texts.values()].flatMap((text) => text.match(PATHS) ?? []),
    close() {
      server.close();
      for (const socket of texts.keys()) socket.destroy();
    },
  };
}

/** `answer` says what to answer to a request with those points, undefined where they are taken. */
export async function httpRecorder(
  answer: (points: readonly string[]) => Answer | undefined = () => undefined,
  tls?: TlsOptions,
): Promise<Recorder> {
  const all: string[] = [];
  const respond = async (request: IncomingMessage) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const points = unpacked(request, Buffer.concat(chunks)).match(PATHS) ?? [];
    const bad = answer(points);
    if (bad === undefined) all.push(...points);
    return bad ?? { status: 200, body: "{}" };
  };
  const serve: Parameters<typeof createHttpServer>[1] = (request, response) => {
    respond(request).then(({ status, headers, body }) => {
      response.writeHead(status, headers).end(body);
    }, () => response.destroy());
  };
  const server = tls === undefined ? createHttpServer(serve) : createHttpsServer(tls, serve);
  return {
    port: await listen(server),
    taken: () => all,
    close() {
      server.close();
      server.closeAllConnections?.();
    },
  };
}

function unpacked({ headers }: IncomingMessage, body: Buffer): string {
  const encoding = headers["content-encoding"];
  if (encoding === "gzip") return gunzipSync(body).toString("latin1");
  if (encoding === "snappy") return Buffer.from(uncompress(body)).toString("latin1");
  return body.toString("latin1");
}

/**
 * `refused`: nothing listens for a while. `reset`: in the middle of what is sent. `silent`: accepts,
 * reads nothing, and resets after a while. `garbage`: answers what no protocol has. `half`: answers
 * the beginning of something. `restart`: reset, and then nothing listens for a while.
 */
export const misdeeds = ["refused", "reset", "silent", "garbage", "half", "restart"] as const;
export type Misdeed = typeof misdeeds[number];

export interface BadPeer {
  readonly port: number;
  close(): void;
}

const AWAY_MS = 300;
const SILENT_MS = 800;
/** Bytes after which a connection is reset: in the middle of a batch. */
const MIDDLE = 3000;
/** The beginning of an HTTP answer that never ends; no greeting of a database either. */
const HALF = "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{";

/** `confirms`: the backend answers, so what it is sent while it misbehaves never reaches it. */
export async function badPeer(to: number, misdeed: Misdeed, confirms: boolean): Promise<BadPeer> {
  const sockets = new Set<Socket>();
  let first = true;
  const own = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  };

  function pass(client: Socket): void {
    const backend = connect({ port: to, host: "127.0.0.1" });
    own(backend);
    client.pipe(backend);
    backend.pipe(client);
    client.on("close", () => backend.destroy());
    backend.on("close", () => client.destroy());
  }

  function resetInTheMiddle(client: Socket): void {
    const backend = confirms ? undefined : connect({ port: to, host: "127.0.0.1" });
    if (backend !== undefined) own(backend);
    let bytes = 0;
    client.on("data", (chunk: Uint8Array) => {
      backend?.write(chunk.subarray(0, Math.max(0, MIDDLE - bytes)));
      bytes += chunk.length;
      // What asks for an answer is waited for; a whole connection that was short is reset as well.
      if (bytes >= MIDDLE || confirms) setTimeout(() => client.resetAndDestroy(), 20);
    });
  }

  const server = createServer((client) => {
    own(client);
    if (!first || misdeed === "refused") return pass(client);
    first = false;
    if (misdeed === "silent") {
      client.pause();
      setTimeout(() => client.resetAndDestroy(), SILENT_MS);
    } else if (misdeed === "garbage") {
      client.write(new Uint8Array(4096).map((_, index) => (index * 131) & 255));
      if (confirms) client.on("data", () => client.end());
      else pass(client);
    } else if (misdeed === "half") {
      if (confirms) client.on("data", () => client.end(HALF));
      else client.on("data", () => client.end()).resume();
    } else {
      resetInTheMiddle(client);
      if (misdeed === "restart") {
        server.close();
        setTimeout(() => server.listen(port, "127.0.0.1"), AWAY_MS);
      }
    }
  });
  const port = await listen(server);
  if (misdeed === "refused") {
    server.close();
    setTimeout(() => server.listen(port, "127.0.0.1"), AWAY_MS);
  }
  return {
    port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
