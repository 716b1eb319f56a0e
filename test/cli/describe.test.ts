/** What `describe` prints, and what it knows of Diamond. */

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import type { Flags } from "../../src/cli/command.ts";
import { describeCommand } from "../../src/cli/describe.ts";
import { unknownPlugin } from "../../src/cli/plugins.ts";
import type { World } from "../../src/cli/world.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { NO_PLUGINS } from "../../src/ports/plugins.ts";

async function described(...words: string[]) {
  let text = "";
  const out = {
    write: (more: string) => void (text += more),
    isTerminal: false,
    colours: false,
    columns: 100,
  };
  const custom = () => ({
    load: () => Promise.resolve(NO_PLUGINS),
    logTo: () => {},
    close: () => Promise.resolve(),
  });
  const files = { access: () => undefined, absolute: (path: string) => path };
  const world = { out, files, catalogue: { collectors, handlers }, custom };
  const flags: Flags = { words, text: () => undefined, on: () => false };
  const status = await describeCommand(world as unknown as World).run(flags);
  return { status, text };
}

describe("describe", () => {
  it("has a collector's own options first, then its metrics, then what is common", async () => {
    const { status, text } = await described("redis");
    equal(status, 0);
    const titles = [...text.matchAll(/^[A-Z][a-z ]+$/gm)].map(([title]) => title);
    deepEqual(titles, ["Its options", "Metrics", "Gone", "Options of every collector"]);
    ok(!/default (""|,)$/m.test(text));
  });

  it("says which of Diamond's metrics are gone, and since when", async () => {
    const { text } = await described("RedisCollector");
    match(text, /since Redis 5 +clients\.longest_output_list/);
    ok(!(await described("nginx")).text.includes("\nGone\n"));
  });

  it("knows Diamond's collectors that are not built in", async () => {
    const { status, text } = await described("AmavisCollector");
    equal(status, 1);
    match(text, /^AmavisCollector: it is one of Diamond's and not built in; .* collectors_path$/m);
    match(unknownPlugin("collector", "squid", []).message, /no SquidCollector here yet/);
  });

  it("refuses what is neither's", async () => {
    await rejects(described("NginxColector"), /did you mean "NginxCollector"/);
  });
});
