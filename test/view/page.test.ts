import { equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { page, pagePolicy } from "../../src/view/page.ts";

const MAX_BYTES = 120_000;
const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

function contentOf(tag: string): string {
  const start = page.indexOf(`<${tag}>`) + tag.length + 2;
  return page.slice(start, page.indexOf(`</${tag}>`, start));
}

describe("the page's text", () => {
  it("has one script and one style, which its policy allows by their hashes", () => {
    for (const tag of ["script", "style"]) {
      equal(page.split(`<${tag}`).length, 2, `one ${tag}`);
      ok(pagePolicy.includes(`${tag}-src ${hashOf(contentOf(tag))};`), `${tag} has its hash`);
    }
    ok(pagePolicy.startsWith("default-src 'none';"));
  });

  it("names no other place", () => {
    const addresses = page.match(/https?:\/\/[^\s"'`)]+/g) ?? [];
    equal(addresses.filter((one) => !one.startsWith("http://www.w3.org/")).join(), "");
  });

  it("makes no markup of texts", () => {
    equal(
      /\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\()/.exec(page)?.[0],
      undefined,
    );
  });

  it("is small", () => {
    ok(new TextEncoder().encode(page).length < MAX_BYTES);
  });
});
