import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { answersTo, parseRequestHead } from "../../src/formats/http_head.ts";

const get = (target: string, ...lines: string[]) =>
  parseRequestHead([`GET ${target} HTTP/1.1`, ...lines].join("\r\n"));

describe("an HTTP request's head", () => {
  it("gives method, path, host and headers", () => {
    const head = get("/metrics?x=y", "Host: LocalHost:9109", "Accept:  a ", "X: 1", "x: 2")!;
    deepEqual({ ...head, headers: { ...head.headers } }, {
      method: "GET",
      path: "/metrics",
      query: "x=y",
      host: "localhost",
      headers: { host: "LocalHost:9109", accept: "a", x: "1, 2" },
    });
    equal(get("/", "Host: [::1]:80")?.host, "[::1]");
    equal(get("http://evil/metrics", "Host: localhost")?.host, "evil", "the target's host counts");
    equal(parseRequestHead("GET / HTTP/1.0")?.host, "");
    equal(get("/a?b=%26?c#d", "Host: a")?.query, "b=%26?c");
    equal(get("http://a?b", "Host: a")?.path, "/");
  });

  it("is refused where it can be read in two ways", () => {
    const bad = [
      get("/"),
      get("/", "Host: a", "Host: b"),
      get("/", "Host: a b"),
      get("/", "Host: a@localhost"),
      get("/", "Host: localhost", " folded: x"),
      get("/", "Host : localhost"),
      get("/", "Host: localhost", "X: a\nHost: b"),
      get("/", "Host: localhost\rX: y"),
      get("/\0", "Host: localhost"),
      get("*", "Host: localhost"),
      get("/ /", "Host: localhost"),
      parseRequestHead("GET /"),
      parseRequestHead("PRI * HTTP/2.0"),
      parseRequestHead(""),
    ];
    deepEqual(bad, bad.map(() => undefined));
  });

  it("takes no longer for many blanks", () => {
    const started = performance.now();
    get("/", "Host: localhost", `X:${" ".repeat(16_000)}x${"\t".repeat(16_000)}`);
    equal(performance.now() - started < 1000, true);
  });
});

describe("the host of a request at a loopback address", () => {
  it("is loopback's own, or one that the operator allows", () => {
    for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", ""]) {
      equal(answersTo(host, "127.0.0.1", []), true, host);
    }
    const foreign = ["evil.example.com", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1"];
    for (const bound of ["127.0.0.1", "::1", "localhost"]) {
      for (const host of foreign) equal(answersTo(host, bound, []), false, `${host} at ${bound}`);
    }
    equal(answersTo("proxy", "127.0.0.1", ["Proxy"]), true);
    equal(answersTo("evil.example.com", "0.0.0.0", []), true, "who asks there has a name for it");
  });

  it("is at any address one that has no name, or an allowed one, where the server is strict", () => {
    for (const host of ["10.0.0.5", "[fe80::1]", "localhost", "", "web-1"]) {
      equal(answersTo(host, "0.0.0.0", ["web-1"], true), true, host);
    }
    equal(answersTo("evil.example.com", "10.0.0.5", ["web-1"], true), false);
  });
});
