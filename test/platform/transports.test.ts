/** The lines of Statsite and of OpenTSDB's telnet protocol, as a server gets them. */

import { equal } from "node:assert/strict";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import type { AnyHandler } from "../../src/core/handler.ts";
import type { Host } from "../../src/ports/host.ts";
import type { Metric } from "../../src/core/metric.ts";
import statsd from "../../src/handlers/stats_d.ts";
import statsite from "../../src/handlers/statsite.ts";
import tsdb from "../../src/handlers/tsdb.ts";
import { realClock } from "../../src/platform/clock.ts";
import { realNet } from "../../src/platform/net/network.ts";
import { metric } from "../harness/metrics.ts";
import { silentLog } from "../harness/recorded_log.ts";
import { handlerDefaults } from "../harness/defaults.ts";

const host = { net: realNet, clock: realClock } as unknown as Host;
const batch: Metric[] = [
  metric("servers.h.c.a", 42.256, 1000, { collector: "c", name: "a", pattern: "a", precision: 2 }),
  metric("servers.h.c.b", -3, 1000, { collector: "c", name: "b", pattern: "b" }),
];

async function write(handler: AnyHandler, options: object): Promise<void> {
  const values = { ...handlerDefaults(handler), host: "127.0.0.1", ...options };
  const sink = handler.open({ host, options: values, log: silentLog });
  await sink.write(batch, new AbortController().signal);
  await sink[Symbol.asyncDispose]();
}

async function byTcp(handler: AnyHandler, options: (port: number) => object): Promise<string> {
  let text = "";
  const ended = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.on("data", (chunk) => (text += chunk)).on("close", () => ended.resolve());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await write(handler, options((server.address() as { port: number }).port));
  await ended.promise;
  server.close();
  return text;
}

async function byUdp(handler: AnyHandler, options: (port: number) => object): Promise<string> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const got = new Promise<string>((resolve) =>
    socket.once("message", (text) => resolve(`${text}`))
  );
  await write(handler, options(socket.address().port));
  const text = await got;
  socket.close();
  return text;
}

describe("handlers of lines", () => {
  it("Statsite gets key values, by UDP and by TCP", async () => {
    const lines = "servers.h.c.a:42.26|kv\nservers.h.c.b:-3|kv\n";
    equal(await byUdp(statsite, (udpport) => ({ udpport })), lines);
    equal(await byTcp(statsite, (tcpport) => ({ tcpport, udpport: 0 })), lines);
  });

  it("StatsD gets gauges", async () => {
    equal(
      await byUdp(statsd, (port) => ({ port })),
      "servers.h.c.a:42.256|g\nservers.h.c.b:0|g\nservers.h.c.b:-3|g\n",
    );
  });

  it("OpenTSDB gets put lines by telnet", async () => {
    equal(
      await byTcp(tsdb, (port) => ({ port, protocol: "telnet", prefix: "p", tags: ["dc=x"] })),
      "put p.c.a 1000 42.256 hostname=h dc=x\nput p.c.b 1000 -3 hostname=h dc=x\n",
    );
  });
});
