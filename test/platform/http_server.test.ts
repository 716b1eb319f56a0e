/** The bounds of the HTTP server: what one peer does costs no other one its answer. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import type { Listener } from "../../src/ports/http.ts";
import { createAdmission } from "../../src/platform/net/admission.ts";
import { listenHttp } from "../../src/platform/net/http_server.ts";
import { freePort, until } from "../harness/agent_process.ts";

const BODY = "x".repeat(100_000);
let listener: Listener | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener?.close();
});

async function serve(): Promise<number> {
  const port = await freePort();
  listener = await listenHttp({ host: "127.0.0.1", port }, ({ path }) => {
    if (path === "/fault") throw new Error("a fault");
    return { status: path === "/" ? 200 : 404, type: "text/plain", body: BODY };
  });
  return port;
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
