import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { createRequestReader } from "../../src/formats/http_request.ts";

const FORM = "Content-Type: application/x-www-form-urlencoded\r\n";

/** What a request comes to that arrives in pieces. */
function read(...pieces: string[]) {
  const reader = createRequestReader(["/render"]);
  return pieces.map((piece) => reader.take(piece)).at(-1);
}

function statusOf(...pieces: string[]): number | undefined {
  const received = read(...pieces);
  return received !== undefined && "status" in received ? received.status : undefined;
}

const post = (path: string, ...lines: string[]) =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\n${lines.join("")}\r\n`;

describe("an HTTP request", () => {
  it("is complete with its head, however that arrives", () => {
    equal(read("GET / HT", "TP/1.1\r\nHost: a\r", "\n"), undefined);
    const whole = read("GET /x?y HT", "TP/1.1\r\nHost: a\r", "\n\r", "\nmore");
    deepEqual(whole && "head" in whole && [whole.head.path, whole.form], ["/x", ""]);
  });

  it("has a form where one is wanted", () => {
    const head = post("/render", FORM, "Content-Length: 7\r\n");
    equal(read(head, "a=1"), undefined);
    const whole = read(head, "a=1", "&b=2xyz");
    equal(whole && "form" in whole && whole.form, "a=1&b=2");
  });

  it("is refused with the status that says why", () => {
    equal(statusOf(post("/other", FORM, "Content-Length: 1\r\n")), 405);
    equal(statusOf("DELETE /render HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
    equal(statusOf(post("/render", "Content-Length: 1\r\n")), 415);
    equal(statusOf(post("/render", FORM)), 411);
    equal(statusOf(post("/render", FORM, "Transfer-Encoding: chunked\r\n")), 411);
    equal(statusOf(post("/render", FORM, "Content-Length: 1\r\nContent-Length: 9\r\n")), 411);
    equal(statusOf(post("/render", FORM, "Content-Length: 65537\r\n")), 413);
    equal(statusOf("GET / HTTP/1.1\r\nX: ".padEnd(20_000, "a")), 431);
    equal(statusOf("nothing\r\n\r\n"), 400);
  });
});
