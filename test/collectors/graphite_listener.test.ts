/** Graphite's lines by TCP and UDP, from a client that cuts them anywhere, and from hostile ones. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, it } from "node:test";
import { singleRunner } from "../../src/agent/parts.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { configFiles } from "../../src/platform/fs/config_files.ts";
import { createHost } from "../../src/platform/host.ts";
import { freePort, temporary } from "../harness/agent_process.ts";
import { recordedLog } from "../harness/recorded_log.ts";

const { path: directory, remove } = temporary();
after(remove);
const name = "GraphiteListenerCollector";

/** A listener with these options, at ports of its own. */
async function listening(options: string, now?: () => number) {
  const [port, picklePort] = [await freePort(), await freePort()];
  const path = join(directory, "diamond.conf");
  writeFileSync(
    path,
    `[server]\n[collectors]\n[[${name}]]\nenabled = True\nlistener_port = ${port}\n` +
      options.replace("PICKLE_PORT", String(picklePort)),
  );
  const settings = await resolveSettings({
    path,
    files: configFiles,
    catalogue: { collectors, handlers },
    only: [name],
  });
  deepEqual(settings.problems, []);
  const log = recordedLog();
  const real = createHost({ procfs: "", sysfs: "", rootfs: "" });
  const host = now === undefined ? real : { ...real, clock: { ...real.clock, monotonic: now } };
  const runner = await singleRunner(settings.collectors[0], host, log);
  const published = async () => {
    const { metrics, error } = await runner.run(1_700_000_000);
    equal(error, undefined);
    return metrics.map(({ series, value, timestamp }) => `${series.path} ${value} ${timestamp}`)
      .filter((line) => !/listener\.\w+ 0 /.test(line));
  };
  await published();
  return { port, picklePort, log, runner, published };
}

/** The listener's own values. */
const ownOf = (found: readonly string[]) =>
  found.filter((line) => line.includes(".listener.")).map((line) => line.split(".listener.")[1]);

it("publishes lines as they came, and bounds what peers can take", async () => {
  const { port, log, runner, published } = await listening(
    "max_connections = 1\nmax_names = 3\nmetrics_blacklist = secret\n",
  );
  const first = connect(port, "127.0.0.1");
  await once(first, "connect");
  const second = connect(port, "127.0.0.1");
  await once(second.resume(), "close");
  first.write("a.b 1 17000");
  await new Promise((done) => setTimeout(done, 50));
  first.write("00001\na.b 1 1700000001\na.c 2 -1\nsecret.d 3 -1\nno line\n");
  const sender = createSocket("udp4");
  await new Promise<void>((done) => sender.send("u 4 1700000002\ne 5 -1", port, "127.0.0.1", () => done()));
  sender.close();
  first.write("x".repeat(3000));
  await once(first.resume(), "close");
  const found = await published();
  for (const line of ["a.b 1 1700000001", "a.c 2 1700000000", "u 4 1700000002"]) {
    ok(found.includes(line), `${line} is not in ${found.join(", ")}`);
  }
  ok(!found.some((line) => /^(secret|e) /.test(line)), found.join(", "));
  deepEqual(ownOf(found), [
    "points 3 1700000000",
    "repeated 1 1700000000",
    "unreadable 2 1700000000",
    "left_out 2 1700000000",
  ]);
  equal(runner.record.leftOut, 2);
  match(
    runner.crowd?.message ?? "",
    /^more than max_connections = 1, with "the connection of 127\.0\.0\.1:\d+"$/,
  );
  match(log.lines.join("\n"), /more than max_connections = 1, with/);
  await runner.dispose();
});

it("lets slow and silent peers keep no other one out", async () => {
  let now = 0;
  const { port, runner, published } = await listening("max_connections = 2\n", () => now);
  const peer = async (text: string) => {
    const socket = connect(port, "127.0.0.1");
    const closed = once(socket.resume(), "close");
    await once(socket, "connect");
    socket.write(text);
    await new Promise((done) => setTimeout(done, 50));
    return { socket, closed };
  };
  const slow = await peer("a.b 1");
  const good = await peer("c 1 -1\n");
  await (await peer("e 1 -1\n")).closed;
  now = 6000;
  slow.socket.write("1");
  const next = await peer("d 2 -1\n");
  await slow.closed;
  good.socket.write("c 3 1700000001\n");
  await (await peer("e 2 -1\n")).closed;
  now = 70_000;
  next.socket.write("d 4 1700000001\n");
  await new Promise((done) => setTimeout(done, 50));
  const last = await peer("f 5 -1\n");
  await good.closed;
  const found = await published();
  for (const line of ["c 1", "c 3", "d 2", "d 4", "f 5"]) {
    ok(found.some((one) => one.startsWith(`${line} `)), `${line} is not in ${found.join(", ")}`);
  }
  ok(!found.some((one) => one.startsWith("e ")));
  equal(runner.record.leftOut, 4);
  for (const { socket } of [next, last]) socket.destroy();
  await runner.dispose();
});

it("takes pickles beside lines, and refuses those of something else", async () => {
  const { port, picklePort, runner, published } = await listening("pickle_port = PICKLE_PORT\n");
  const framed = (pickle: string) => {
    const bytes = Buffer.from(`0000${pickle}`, "latin1");
    bytes.writeUInt32BE(pickle.length);
    return bytes;
  };
  const peer = connect(picklePort, "127.0.0.1");
  peer.write(framed("(cos\nsystem\n(S'true'\ntRa."));
  const good = framed("(l(S'a.b'\n(I1700000001\nF1.5\ntta(S'a.c'\nNta.");
  peer.write(good.subarray(0, 9));
  await new Promise((done) => setTimeout(done, 50));
  peer.write(good.subarray(9));
  const lines = connect(port, "127.0.0.1");
  lines.end("a.d 3 -1\n");
  await once(lines.resume(), "close");
  peer.write(Buffer.from("GET / HTTP/1.1\r\n"));
  await once(peer.resume(), "close");
  const found = await published();
  for (const line of ["a.b 1.5 1700000001", "a.d 3 1700000000"]) ok(found.includes(line), `${found}`);
  deepEqual(ownOf(found), ["points 2 1700000000", "unreadable 3 1700000000"]);
  await runner.dispose();
});

it("closes a peer that is silent for too long", async () => {
  const { port, runner } = await listening("idle_timeout = 1\n");
  const peer = connect(port, "127.0.0.1");
  peer.write("a.b 1 -1\n");
  await once(peer.resume(), "close");
  await runner.dispose();
});
