/** A unix socket of datagrams: who may have made what is at its path, who may send, and what ends nothing. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { messageOf } from "../../src/core/errors.ts";
import { realNet } from "../../src/platform/net/network.ts";
import { temporary } from "../harness/agent_process.ts";
import { sendDatagram } from "../harness/unix_datagram.ts";

const { path: directory, remove } = temporary();
after(remove);

/** What has come once there are so many. */
async function received(path: string, count: number, act: () => Promise<void>) {
  const texts: string[] = [];
  const all = Promise.withResolvers<void>();
  using _ = await realNet.inbox({ path, mode: 0o660 }, (datagram) => {
    texts.push(new TextDecoder().decode(datagram));
    if (texts.length === count) all.resolve();
  });
  equal(lstatSync(path).mode & 0o777, 0o660);
  await act();
  await all.promise;
  return texts;
}

const refusal = (path: string) =>
  realNet.inbox({ path, mode: 0o660 }).then(() => "it listens", messageOf);

describe("an inbox at a unix socket", { skip: process.platform !== "linux" }, () => {
  it("hands datagrams over as they come, and leaves nothing behind", async () => {
    const path = join(directory, "made", "statsd.sock");
    const texts = await received(path, 3, async () => {
      for (const text of ["a:1|c", "b:2|c\nc:3|g", "x".repeat(8192)]) {
        await sendDatagram(path, text);
      }
    });
    deepEqual(texts, ["a:1|c", "b:2|c\nc:3|g", "x".repeat(8192)]);
    ok(!existsSync(path));
  });

  it("goes on after empty datagrams", async () => {
    const path = join(directory, "empty.sock");
    const texts = await received(path, 20, async () => {
      for (let sent = 0; sent < 20; sent++) {
        await sendDatagram(path, "");
        await sendDatagram(path, `${sent}`);
      }
    });
    deepEqual(texts, Array.from({ length: 20 }, (_, at) => `${at}`));
  });

  it("takes the place of a socket that nobody reads, and of nothing else", async () => {
    const path = join(directory, "taken.sock");
    const stream = createServer().listen(join(directory, "stream.sock"));
    await new Promise((done) => stream.once("listening", done));
    match(await refusal(join(directory, "stream.sock")), /another program listens there$/);
    // Under its new name it stays when its program ends.
    renameSync(join(directory, "stream.sock"), path);
    await new Promise((done) => stream.close(done));
    {
      using _ = await realNet.inbox({ path, mode: 0o660 }, () => {});
      match(await refusal(path), /^cannot listen at .*taken\.sock: another program listens there$/);
    }
    writeFileSync(path, "");
    match(await refusal(path), /a regular file already, not a socket$/);
    symlinkSync(path, join(directory, "link.sock"));
    match(await refusal(join(directory, "link.sock")), /already, not a socket$/);
  });

  it("says what is in its way", async () => {
    match(await refusal(`/${"x".repeat(120)}`), /^cannot listen at \/x+: /);
    const file = join(directory, "file");
    writeFileSync(file, "");
    match(await refusal(join(file, "a.sock")), /^cannot listen at .*a\.sock: /);
    mkdirSync(join(directory, "folder.sock"));
    match(await refusal(join(directory, "folder.sock")), /a directory already, not a socket$/);
  });
});
