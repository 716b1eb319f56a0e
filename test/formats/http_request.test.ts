import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { createRequestReader, formRules } from "../../src/formats/http_request.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const FORM = "Content-Type: application/x-www-form-urlencoded\r\n";

/** What a request comes to that arrives in pieces. */
function read(...pieces: string[]) {
  const reader = createRequestReader(formRules(["/render"]));
  return pieces.map((piece) => reader.take(encoder.encode(piece))).at(-1);
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
    deepEqual(whole && "head" in whole && [whole.head.path, whole.body.length], ["/x", 0]);
  });

  it("has a form where one is wanted", () => {
    const head = post("/render", FORM, "Content-Length: 7\r\n");
    equal(read(head, "a=1"), undefined);
    const whole = read(head, "a=1", "&b=2xyz");
    equal(whole && "head" in whole && decoder.decode(whole.body), "a=1&b=2");
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

describe("a body", () => {
  const rules = { paths: ["/write"], maxBytes: 20, kind: "body", inChunks: true };
  const head = (...lines: string[]) =>
    `POST /write HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
  const CHUNKED = head("Transfer-Encoding: chunked");

  function outcome(text: string, size = text.length): string | number | undefined {
    const reader = createRequestReader(rules);
    for (let at = 0; at < text.length; at += size) {
      const found = reader.take(encoder.encode(text.slice(at, at + size)));
      if (found !== undefined) {
        return "status" in found ? found.status : decoder.decode(found.body);
      }
    }
    return undefined;
  }

  it("comes with its length or in chunks, cut anywhere", () => {
    const chunks = `${CHUNKED}3;x=y\r\na b\r\n00004\r\n\r\nc\n\r\n0\r\nTrailer: 1\r\n\r\nmore`;
    for (const size of [1, 2, 7, 1000]) {
      equal(outcome(chunks, size), "a b\r\nc\n");
      equal(outcome(`${head("Content-Length: 5")}a=1\r\nmore`, size), "a=1\r\n");
      equal(outcome(head("Content-Length: 0"), size), "");
    }
    equal(outcome(`${CHUNKED}3\r\nabc\r\n`), undefined);
  });

  it("is refused where it is too long, or could be read in two ways", () => {
    equal(outcome(head("Content-Length: 21")), 413);
    equal(outcome(`${CHUNKED}15\r\n`), 413);
    equal(outcome(`${CHUNKED}${"b\r\n0123456789a\r\n".repeat(2)}`), 413);
    equal(outcome(head("Content-Length: 3", "Transfer-Encoding: chunked")), 411);
    equal(outcome(head("Transfer-Encoding: gzip, chunked")), 411);
    equal(outcome(head()), 411);
    for (const broken of ["x\r\n", "-1\r\n", "3\r\nabcd\r\n", "0x3\r\n", "1".repeat(2000)]) {
      equal(outcome(CHUNKED + broken), 400, broken.slice(0, 10));
    }
    equal(outcome(head("Content-Length: 1").replace("/write", "/other")), 405);
  });

  it("takes memory as it comes, not as it is announced", () => {
    const reader = createRequestReader({ ...rules, maxBytes: 1e9 });
    reader.take(encoder.encode(`${head("Content-Length: 900000000")}abc`));
    deepEqual([reader.hasHead, reader.held], [true, 3]);
  });
});
