/** A UDP port: datagrams that wait are bounded, and those that are handed over do not wait. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import process from "node:process";
import { after, describe, it } from "node:test";
import { messageOf } from "../../src/core/errors.ts";
import { realNet } from "../../src/platform/net/network.ts";
import { freePort, until } from "../harness/agent_process.ts";

const socket = createSocket("udp4");
after(() => socket.close());
const send = (text: string, port: number) =>
  new Promise<void>((done) => socket.send(text, port, "127.0.0.1", () => done()));

describe("an inbox", () => {
  it("hands datagrams over as they come", async () => {
    const port = await freePort();
    const received: string[] = [];
    const first = Promise.withResolvers<void>();
    using box = await realNet.inbox({ host: "127.0.0.1", port }, (datagram) => {
      received.push(new TextDecoder().decode(datagram));
      first.resolve();
    });
    await send("a:1|c", port);
    await first.promise;
    deepEqual(received, ["a:1|c"]);
    deepEqual(box.take(), { datagrams: [], dropped: 0 });
  });

  it("bounds those of one byte too, by what they take in memory", async () => {
    const port = await freePort();
    using box = await realNet.inbox({ host: "127.0.0.1", port });
    for (let sent = 0; sent < 40_000; sent++) {
      await send("a", port);
      if (sent % 5 === 0) await new Promise((done) => setImmediate(done));
    }
    const { datagrams, dropped } = box.take();
    ok(dropped > 0 && datagrams.length <= 16_384, `${datagrams.length} wait, ${dropped} dropped`);
  });

  it("lets other work have its turn while more come than can be read", async () => {
    const port = await freePort();
    let received = 0;
    let atTimer = 0;
    using box = await realNet.inbox({ host: "127.0.0.1", port }, () => {
      if (received++ === 0) setTimeout(() => (atTimer = received), 1);
      const end = performance.now() + 150;
      while (performance.now() < end);
    });
    const script = `import socket
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for at in range(30): peer.sendto(b'a', ('127.0.0.1', ${port}))`;
    equal(spawnSync("python3", ["-c", script]).status, 0);
    await until("the timer fires", () => atTimer > 0);
    ok(atTimer <= 3, `after ${atTimer} of 30`);
    await until("all are there", () => received + box.take().dropped >= 3);
  });

  const skip = process.versions.bun === undefined;
  it("has room for a burst while the process does something else", { skip }, async () => {
    const port = await freePort();
    let received = 0;
    using _ = await realNet.inbox({ host: "127.0.0.1", port }, () => received++);
    // Another process sends: this one does not read meanwhile.
    const script = `import socket
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for at in range(1000): peer.sendto(b"a:1|c", ("127.0.0.1", ${port}))`;
    equal(spawnSync("/usr/bin/python3", ["-c", script]).status, 0);
    await until("they are read", () => received === 1000);
  });

  it("says what is in its way", async () => {
    const port = await freePort();
    using _ = await realNet.inbox({ host: "127.0.0.1", port });
    const error = await realNet.inbox({ host: "127.0.0.1", port }).then(() => undefined, messageOf);
    match(String(error), new RegExp(`^cannot listen at 127.0.0.1:${port}: address already in use`));
    equal(typeof error, "string");
  });
});
