/** What programs post: whole bodies, unpacked, and nothing that a browser's page sends. */

import { deepEqual, equal, match } from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import { messageOf } from "../../src/core/errors.ts";
import { realNet } from "../../src/platform/net/network.ts";
import type { PostedRequest } from "../../src/ports/http.ts";
import { freePort } from "../harness/agent_process.ts";

const MAX_BYTES = 100_000;

async function open() {
  const port = await freePort();
  const taken: string[] = [];
  const refused: string[] = [];
  const take = ({ method, path, query, body }: PostedRequest) => {
    if (query === "fault") throw new Error("a fault");
    taken.push(`${method} ${path}?${query} ${new TextDecoder().decode(body)}`);
    return { status: 204, type: "", body: new Uint8Array() };
  };
  const at = { host: "127.0.0.1", port, paths: ["/write"], maxBytes: MAX_BYTES };
  const box = await realNet.httpInbox(at, { take, refused: (reason) => refused.push(reason) });
  const post = async (
    body: string | Uint8Array<ArrayBuffer> | ReadableStream,
    headers: Record<string, string> = {},
  ) => {
    const how = { method: "POST", body, headers, duplex: "half" } as RequestInit;
    const answer = await fetch(`http://127.0.0.1:${port}/write?p=s`, how);
    return `${answer.status} ${(await answer.text()).trim()}`.trim();
  };
  return { port, taken, refused, post, [Symbol.dispose]: () => box[Symbol.dispose]() };
}

/** Bytes with a buffer of their own, which `fetch` asks for. */
const own = (bytes: Uint8Array) => new Uint8Array(bytes);

/** Sends bytes; resolves with the first that come back. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("error", () => {});
    socket.once("data", (chunk) => {
      resolve(String(chunk));
      socket.destroy();
    });
  });
}

describe("an HTTP inbox", () => {
  it("hands over bodies as they were before they were packed or cut", async () => {
    using box = await open();
    equal(await box.post("a é"), "204");
    equal(await box.post(own(gzipSync("b")), { "content-encoding": "gzip" }), "204");
    equal(await box.post(own(deflateSync("c")), { "content-encoding": "Deflate" }), "204");
    equal(await box.post(new Blob(["d", "d"]).stream()), "204");
    equal((await fetch(`http://127.0.0.1:${box.port}/ping`)).status, 204);
    const posted = ["a é", "b", "c", "dd"].map((body) => `POST /write?p=s ${body}`);
    deepEqual(box.taken, [...posted, "GET /ping? "]);
    deepEqual(box.refused, []);
  });

  it("refuses what is too long, packed or not, and says why", async () => {
    using box = await open();
    const bomb = own(gzipSync(Buffer.alloc(MAX_BYTES + 1)));
    equal(
      await box.post(bomb, { "content-encoding": "gzip" }),
      "413 The body is too long when it is unpacked",
    );
    equal(await box.post("x".repeat(MAX_BYTES + 1)), "413 The body is too long");
    equal(await box.post("x", { "content-encoding": "gzip" }), "400 The body is not gzip");
    match(
      await box.post("x", { "content-encoding": "zstd" }),
      /^415 The encoding "zstd" is not taken/,
    );
    equal(box.refused.length, 4);
    deepEqual(box.taken, []);
  });

  it("takes nothing from a browser's page, nor under a name that is not its own", async () => {
    using box = await open();
    const head = "POST /write HTTP/1.1\r\nContent-Length: 1\r\n";
    match(
      await raw(box.port, `${head}Host: localhost\r\nOrigin: http://evil.example\r\n\r\nx`),
      /^HTTP\/1\.1 403 /,
    );
    match(await raw(box.port, `${head}Host: evil.example\r\n\r\nx`), /^HTTP\/1\.1 403 /);
    match(
      await raw(box.port, `${head}Host: localhost\r\nExpect: 100-continue\r\n\r\n`),
      /^HTTP\/1\.1 100 /,
    );
    deepEqual(box.taken, []);
  });

  it("answers where a receiver fails, and says what is in its way", async () => {
    using box = await open();
    const answer = await fetch(`http://127.0.0.1:${box.port}/?fault`);
    deepEqual([answer.status, (await answer.text()).trim()], [
      500,
      "The agent cannot answer: a fault",
    ]);
    const at = { host: "127.0.0.1", port: box.port, paths: [], maxBytes: 1 };
    const none = { take: () => ({ status: 204, type: "", body: "" }), refused() {} };
    const error = await realNet.httpInbox(at, none).then(() => undefined, messageOf);
    match(String(error), /^cannot listen at 127\.0\.0\.1:\d+: address already in use/);
  });
});
