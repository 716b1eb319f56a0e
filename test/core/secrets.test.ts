import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { secretsInUrls, withoutCredentials } from "../../src/core/secrets.ts";

describe("a URL of the configuration", () => {
  for (
    const [url, shown, secrets] of [
      ["http://user:letmein@h:80/p", "http://********@h:80/p", ["letmein"]],
      ["http://us er:letmein@[::x/", "http://********@[::x/", ["letmein"]],
      ["http://h/p?token=abc&n=1", "http://h/p?token=********&n=********", ["abc"]],
      ["http://h/p, http://b:pw 2@i/", "http://h/p, http://********@i/", ["pw 2"]],
    ] as const
  ) {
    it(`${url} is shown without its secrets`, () => {
      equal(withoutCredentials(url), shown);
      deepEqual(secretsInUrls(url), secrets);
    });
  }
});
