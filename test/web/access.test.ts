import { equal, match, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedAccess } from "../../src/web/access.ts";

const TOKEN = "a token; of its own";
const open = { token: "", port: 9125 };
const guarded = { token: TOKEN, port: 9125 };

function request(path: string, headers: Record<string, string> = {}, query = "") {
  return { path, query, headers: { host: "localhost:9125", ...headers }, form: "" };
}

const status = (...asked: Parameters<typeof refusedAccess>) => refusedAccess(...asked)?.status;

describe("a request of another site", () => {
  const cross = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };

  it("is refused, whether a browser says where it comes from or whose it is", () => {
    equal(status(request("/api/status", cross), open), 403);
    equal(status(request("/", cross), open), 403);
    equal(status(request("/api/status", { "sec-fetch-site": "same-site" }), open), 403);
    for (const origin of ["http://evil.example", "null", "http://localhost:9126"]) {
      equal(status(request("/api/events", { origin }), open), 403, origin);
    }
    const frame = { ...cross, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" };
    equal(status(request("/", frame), open), 403);
  });

  it("is answered where it is a link to the page, its own script, or no browser's", () => {
    const link = { ...cross, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    equal(status(request("/", link), open), undefined);
    equal(status(request("/api/status", link), open), 403);
    const own = { "sec-fetch-site": "same-origin", origin: "http://localhost:9125" };
    equal(status(request("/api/events", own), open), undefined);
    equal(status(request("/api/status"), open), undefined);
  });
});

describe("the token", () => {
  it("is asked for everywhere, and never said", () => {
    for (const path of ["/", "/api/status", "/render", "/nothing"]) {
      const refused = refusedAccess(request(path), guarded);
      equal(refused?.status, 401);
      ok(!JSON.stringify(refused).includes(TOKEN));
    }
  });

  it("is taken from the address once, then from a cookie that no script and no other site has", () => {
    const query = `token=${encodeURIComponent(TOKEN)}`;
    const entrance = refusedAccess(request("/", {}, query), guarded);
    equal(entrance?.status, 200);
    const { "set-cookie": set, refresh } = entrance!.headers!;
    match(set, /; Path=\/; HttpOnly; SameSite=Strict$/);
    equal(refresh, "0; url=./");
    const cookie = `other=1; ${set.split(";")[0]}`;
    equal(refusedAccess(request("/api/status", { cookie }), guarded), undefined);
    equal(status(request("/api/status", { cookie }), { ...guarded, port: 9126 }), 401);
    equal(refusedAccess(request("/api/status", {}, query), guarded), undefined);
  });

  it("is taken from Authorization", () => {
    const bearer = (token: string) => request("/render", { authorization: `Bearer ${token}` });
    equal(refusedAccess(bearer(TOKEN), guarded), undefined);
    for (const wrong of ["", TOKEN.slice(1), `${TOKEN}x`, TOKEN + TOKEN]) {
      equal(status(bearer(wrong), guarded), 401, wrong);
    }
  });
});
