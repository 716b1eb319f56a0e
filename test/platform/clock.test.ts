import { deepEqual } from "node:assert/strict";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, it } from "node:test";
import { realClock } from "../../src/platform/clock.ts";

describe("real time", () => {
  it("gives everything that is due its turn, however often somebody sleeps for nothing", async () => {
    let late = false;
    let came = false;
    setTimeout(() => late = true, 5);
    const server = createServer((socket) => void (came = true, socket.destroy()));
    server.listen(0, "127.0.0.1", () => {
      connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => {});
    });
    const until = performance.now() + 5000;
    while (!(late && came) && performance.now() < until) await realClock.sleep(0);
    server.close();
    deepEqual([late, came], [true, true]);
  });

  it("does not sleep for nothing where that is aborted", async () => {
    const abort = new AbortController();
    const sleeping = realClock.sleep(0, abort.signal);
    abort.abort();
    await sleeping;
    await realClock.sleep(60_000, abort.signal);
  });
});
