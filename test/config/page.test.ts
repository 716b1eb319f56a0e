import { equal, match, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { pageProblems, pageSettings, parsePage } from "../../src/config/page.ts";

const TOKEN = "0123456789abcdef";
const values = (page: string, page_token = "") => ({ page, page_token, page_hosts: [] });

describe("[server] page", () => {
  for (
    const [text, address] of [
      ["", ""],
      ["off", ""],
      ["False", ""],
      ["True", "127.0.0.1:9125"],
      ["9000", "127.0.0.1:9000"],
      ["localhost:9000", "localhost:9000"],
      [" 0.0.0.0:80 ", "0.0.0.0:80"],
      ["[::1]:9125", "[::1]:9125"],
    ]
  ) {
    it(`"${text}" means "${address}"`, () => equal(parsePage(text), address));
  }

  for (const text of ["127.0.0.1", "a:70000", "a:-1", "::1:80", "http://a:80", "a b:80", "a:0"]) {
    it(`"${text}" is refused`, () => {
      throws(() => parsePage(text), /is not an address for the page: write one such as 127/);
    });
  }

  it("needs a token where it can be reached from elsewhere, and none at loopback", () => {
    equal(pageSettings(values("[::1]:9125"))?.host, "::1");
    equal(pageSettings(values("127.0.0.1:9125"))?.token, "");
    equal(pageSettings(values("0.0.0.0:9125", TOKEN))?.port, 9125);
    for (const page of ["0.0.0.0:9125", "10.0.0.5:9125", "web-1:9125", "[::]:9125"]) {
      throws(() => pageSettings(values(page)), /can be reached from elsewhere: set page_token/);
    }
    throws(() => pageSettings(values("127.0.0.1:1", "short")), /has 5 characters.*at least 16/);
  });

  it("says at which line it is wrong", () => {
    const origins = new Map([["page", { file: "d.conf", line: 7 }]]);
    const [problem] = pageProblems(values("0.0.0.0:9125"), origins, "d.conf");
    equal(problem.line, 7);
    match(problem.message, /page_token/);
    equal(pageProblems(values("127.0.0.1:9125"), origins, "d.conf").length, 0);
  });
});
