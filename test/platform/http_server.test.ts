/** The bounds of the HTTP server: what one peer does costs no other one its answer. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import type { Listener, StreamingPeer } from "../../src/ports/http.ts";
import { createAdmission } from "../../src/platform/net/admission.ts";
import { listenHttp } from "../../src/platform/net/http_server.ts";
import { freePort, until } from "../harness/agent_process.ts";

const BODY = "x".repeat(100_000);
const ASK_STREAM = "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
let listener: Listener | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener?.close();
});

const streaming = new Set<StreamingPeer>();

async function serve(): Promise<number> {
  const port = await freePort();
  const at = { host: "127.0.0.1", port, formPaths: ["/form"] };
  listener = await listenHttp(at, ({ path, form, query }) => {
    if (path === "/fault") throw new Error("a fault");
    if (path === "/form") return { status: 200, type: "text/plain", body: `${query} ${form}` };
    if (path === "/stream") return { status: 200, type: "text/plain", body: "begun\n", stream };
    const headers = { "x-own": "yes" };
    return { status: path === "/" ? 200 : 404, type: "text/plain", body: BODY, headers };
  });
  return port;
}

function stream(peer: StreamingPeer): () => void {
  streaming.add(peer);
  return () => streaming.delete(peer);
}

/** Sends bytes; resolves with all that comes until the server ends. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = open(port, bytes);
    socket.on("data", (chunk) => (text += chunk));
    socket.on("close", () => resolve(text));
  });
}

function open(port: number, bytes: string): Socket {
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
  socket.on("error", () => {});
  sockets.push(socket);
  return socket;
}

const asked = (port: number) =>
  fetch(`http://127.0.0.1:${port}/`).then(async (answer) => (await answer.text()) === BODY);

describe("the HTTP server", () => {
  it("answers, packed where that is accepted, and says what it does not answer", async () => {
    const port = await serve();
    ok(await asked(port));
    const head = "Host: localhost\r\n\r\n";
    match(await raw(port, `HEAD / HTTP/1.1\r\n${head}`), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
    match(await raw(port, `GET /other HTTP/1.1\r\n${head}`), /^HTTP\/1\.1 404 Not Found/);
    match(await raw(port, `POST / HTTP/1.1\r\n${head}`), /^HTTP\/1\.1 405 .*allow: GET/s);
    match(await raw(port, `GET /fault HTTP/1.1\r\n${head}`), /^HTTP\/1\.1 500 .*cannot answer/s);
    match(await raw(port, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), /^HTTP\/1\.1 403 /);
    match(await raw(port, "\x16\x03\x01\x02\r\n\r\n"), /^HTTP\/1\.1 400 /);
    match(await raw(port, `GET / HTTP/1.1\r\nX: ${"a".repeat(50_000)}`), /^HTTP\/1\.1 431 /);
  });

  it("answers one request a connection, whatever is sent behind it", async () => {
    const port = await serve();
    const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const text = await raw(port, request.repeat(300));
    equal(text.split("HTTP/1.1 200").length - 1, 1);
    ok(text.endsWith(BODY), "whole");
  });

  it("ends a head that never does, and answers others meanwhile", async () => {
    const port = await serve();
    let ended = 0;
    for (let index = 0; index < 100; index++) {
      open(port, "GET / HTTP/1.1\r\nX: ").on("close", () => ended++);
    }
    for (let round = 0; round < 5; round++) ok(await asked(port));
    await until("all are ended", () => {
      for (const socket of sockets) if (!socket.destroyed) socket.write("b");
      return ended === 100;
    }, 20);
    ok(await asked(port));
  });
});

describe("a form", () => {
  it("is taken where one is wanted, and waits for nothing", async () => {
    const port = await serve();
    const head = "POST /form?q=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n" +
      "Content-Type: application/x-www-form-urlencoded\r\n";
    match(await raw(port, `${head}\r\na=é&more`), /\r\n\r\nq=1 a=é$/);
    match(await raw(port, `${head}Expect: 100-continue\r\n\r\n`), /^HTTP\/1\.1 100 Continue/);
  });
});

describe("an answer that goes on", () => {
  it("brings what is sent, until the peer goes", async () => {
    const port = await serve();
    let text = "";
    const socket = open(port, ASK_STREAM).on("data", (chunk) => (text += chunk));
    await until("it begins", () => text.endsWith("begun\n"));
    ok(!/content-length/i.test(text));
    for (const peer of streaming) peer.send("more\n");
    await until("more comes", () => text.endsWith("begun\nmore\n"));
    socket.destroy();
    await until("its end is known", () => streaming.size === 0);
    match(await raw(port, ASK_STREAM.replace("GET", "HEAD")), /^HTTP\/1\.1 200 OK/);
    equal(streaming.size, 0, "HEAD opens none");
  });

  it("cuts off a peer that does not read, before much waits for it", async () => {
    const port = await serve();
    open(port, ASK_STREAM).pause();
    await until("it begins", () => streaming.size === 1);
    const [peer] = streaming;
    let sent = 0;
    await until("it is cut off", () => {
      for (let turn = 0; turn < 100 && streaming.size > 0; turn++) {
        peer.send(BODY);
        sent += BODY.length;
      }
      return streaming.size === 0;
    });
    ok(sent < 50e6, `${sent} bytes`);
    peer.send("to nobody");
    ok(await asked(port));
  });

  it("has bounds on their number: the newest stay, and other requests are answered", async () => {
    const port = await serve();
    for (let index = 0; index < 100; index++) open(port, ASK_STREAM).resume();
    await until("all have come", () => sockets.filter(({ destroyed }) => destroyed).length === 84);
    equal(streaming.size, 16);
    for (let round = 0; round < 5; round++) ok(await asked(port));
    await listener?.close();
    await until("they end with the server", () => streaming.size === 0);
  });
});

describe("admission", () => {
  const fill = (connections: number, addresses: readonly string[], burst = connections) => {
    const dropped: number[] = [];
    const clock = { now: 0 };
    const admission = createAdmission(() => clock.now, { connections, burst, unread: 100 });
    const enter = (address: string, index: number) =>
      admission.enter(address, () => dropped.push(index));
    return { admission, clock, enter, dropped, places: addresses.map(enter) };
  };

  it("drops the oldest of the address that has most, and one that waits before one that reads", () => {
    const { enter, places, dropped } = fill(4, ["quiet", "loud", "loud", "loud"]);
    places[1].answering(10);
    for (let index = 4; index < 7; index++) enter("loud", index);
    deepEqual(dropped, [2, 3, 4]);
  });

  it("gives a new one time to ask, within a burst", () => {
    const { clock, enter, dropped } = fill(2, ["a", "a"], 4);
    enter("a", 2);
    deepEqual(dropped, []);
    clock.now = 1000;
    enter("a", 3);
    deepEqual(dropped, [0]);
    enter("a", 4);
    enter("a", 5);
    deepEqual(dropped, [0, 1, 2]);
    for (let index = 6; index < 8; index++) enter("a", index);
    deepEqual(dropped, [0, 1, 2, 3], "as many as the burst are within the grace: the oldest goes");
  });

  it("bounds what is not read yet, in favour of the newest", () => {
    const { places, dropped } = fill(4, ["a", "b", "c"]);
    places[0].answering(60);
    places[1].answering(30);
    places[2].answering(50);
    deepEqual(dropped, [0]);
    places[1].answering(500);
    deepEqual(dropped, [0, 2]);
  });

  it("forgets who has left, and drops all at the end", () => {
    const { admission, enter, places, dropped } = fill(2, ["a", "b"]);
    places[0].leave();
    enter("c", 2);
    admission.end();
    deepEqual(dropped, [1, 2]);
  });
});
