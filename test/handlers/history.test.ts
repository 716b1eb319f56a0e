import { deepEqual, equal, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import history from "../../src/handlers/history.ts";
import type { Host } from "../../src/ports/host.ts";
import { silentLog } from "../../src/ports/log.ts";

/** Histories of which the first `failures` cannot be opened. */
function opened(failures: number) {
  const did: string[] = [];
  const one = {
    history: { write: () => did.push("write") },
    [Symbol.dispose]: () => did.push("end"),
  };
  const open = () => {
    did.push("open");
    return failures-- > 0 ? Promise.reject(new Error("no such folder")) : Promise.resolve(one);
  };
  const host = { histories: { open } } as unknown as Host;
  const options = { path: "h.db", max_bytes: 1e6, max_days: 1 };
  const sink = history.open({ host, options: options as never, log: silentLog });
  const write = async () => await sink.write([], new AbortController().signal);
  return { did, sink, write };
}

describe("HistoryHandler", () => {
  it("opens its file before there is anything to write, since views want to read", async () => {
    const { did, sink, write } = opened(0);
    deepEqual(did, ["open"]);
    await write();
    await sink[Symbol.asyncDispose]();
    deepEqual(did, ["open", "write", "end"]);
  });

  it("tries again where it could not, and says why", async () => {
    const { did, write } = opened(2);
    await rejects(write(), /no such folder/);
    await rejects(write(), /no such folder/);
    await write();
    equal(did.at(-1), "write");
  });
});
