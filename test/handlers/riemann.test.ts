/** Riemann is in no package here: a server that reads its messages by the schema, and answers as it does. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createSocket } from "node:dgram";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import riemann from "../../src/handlers/riemann.ts";
import { riemannCodec } from "../../src/platform/net/riemann.ts";
import { until } from "../harness/agent_process.ts";
import { badPeer, misdeeds, pathOf } from "../harness/bad_peers.ts";
import { type Case, deadlineFor, POINTS, run, settled, untilTaken } from "../harness/delivering.ts";

const riemannCase: Case = {
  name: "Riemann",
  handler: riemann,
  options: (host, port) => ({ host, port }),
};

/** Every field that the schema has for an event, by number: name and wire type. */
const FIELDS: Readonly<Record<number, readonly [string, WireType]>> = {
  1: ["time", WireType.Varint],
  3: ["service", WireType.LengthDelimited],
  4: ["host", WireType.LengthDelimited],
  8: ["ttl", WireType.Bit32],
  14: ["metric_d", WireType.Bit64],
  15: ["metric_f", WireType.Bit32],
};

type Event = Record<string, unknown>;

function eventsOf(message: Uint8Array): Event[] {
  const reader = new BinaryReader(message);
  const events: Event[] = [];
  while (reader.pos < reader.len) {
    deepEqual(reader.tag(), [6, WireType.LengthDelimited], "a Msg of events only");
    const inner = new BinaryReader(reader.bytes());
    const event: Event = {};
    while (inner.pos < inner.len) {
      const [field, type] = inner.tag();
      const [name, wanted] = FIELDS[field];
      equal(type, wanted, name);
      event[name] = type === WireType.Varint
        ? Number(inner.int64())
        : type === WireType.LengthDelimited
        ? inner.string()
        : type === WireType.Bit32
        ? inner.float()
        : inner.double();
    }
    events.push(event);
  }
  return events;
}

const OK = Buffer.from([0, 0, 0, 2, 0x10, 1]);
const refusal = (text: string) =>
  Buffer.concat([
    Buffer.from([0, 0, 0, 4 + text.length, 0x10, 0, 0x1a, text.length]),
    Buffer.from(text),
  ]);

/** `answer` undefined: the events are taken. */
async function server(answer: (events: readonly Event[]) => Buffer | undefined = () => undefined) {
  const events: Event[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let waiting = Buffer.alloc(0);
    socket.on("data", (chunk: Uint8Array) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE(0)) {
        const end = 4 + waiting.readUInt32BE(0);
        const found = eventsOf(waiting.subarray(4, end));
        const bad = answer(found);
        if (bad === undefined) events.push(...found);
        socket.write(bad ?? OK);
        waiting = waiting.subarray(end);
      }
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    events,
    taken: () => events.map(({ service }) => `${service}`.split(".").at(-1)!),
    /** Ends all connections, as an idle one may be ended. */
    hangUp: () => sockets.forEach((socket) => socket.destroy()),
    close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe("Riemann", () => {
  it("writes the bytes that Diamond wrote, and the value as a double as well", async () => {
    const { encode, decode } = await riemannCodec();
    const event = {
      time: 1000,
      service: "servers.cpu.total.idle",
      host: "host1",
      ttl: 600,
      metric: 1.5,
    };
    const known =
      "08e8071a16736572766572732e6370752e746f74616c2e69646c652205686f73743145000016447d0000c03f";
    const double = "71000000000000f83f";
    const expected = known.replace("7d0000c03f", `${double}7d0000c03f`);
    equal(
      Buffer.from(encode([event])).toString("hex"),
      `32${(expected.length / 2).toString(16)}${expected}`,
    );
    deepEqual(decode(OK.subarray(4)), { ok: true, error: "" });
    deepEqual(decode(refusal("no").subarray(4)), { ok: false, error: "no" });
    const [huge] = eventsOf(encode([{ ...event, metric: 1e300, host: null }]));
    deepEqual([huge.metric_d, huge.metric_f, huge.host], [1e300, undefined, undefined]);
  });

  it("gets each event once, whatever goes wrong on the way", async () => {
    await Promise.all(misdeeds.map(async (misdeed) => {
      const backend = await server();
      const peer = await badPeer(backend.port, misdeed, true);
      const running = run(riemannCase, "127.0.0.1", peer.port, deadlineFor(misdeed));
      await untilTaken(running, backend);
      await settled(running, backend, true);
      match(running.said(), new RegExp(`error RiemannHandler.*(127.0.0.1:${peer.port}|0\\.5 s)`));
      match(running.said(), /works again/);
      peer.close();
      backend.close();
    }));
  });

  it("is connected to again without a word where it ended an idle connection", async () => {
    const backend = await server();
    const running = run(riemannCase, "127.0.0.1", backend.port);
    await untilTaken(running, backend);
    backend.hangUp();
    await new Promise((resolve) => setTimeout(resolve, 50));
    running.tick(1);
    await settled(running, backend, true);
    equal(running.said(), "");
    backend.close();
  });

  it("says which event it does not take", async () => {
    const bad = pathOf(7);
    const backend = await server((events) =>
      events.some(({ service }) => `${service}`.includes(bad)) ? refusal("bad event") : undefined
    );
    const running = run(riemannCase, "127.0.0.1", backend.port);
    running.tick(POINTS);
    await until("it is through", () => running.worker.ledger.delivered === POINTS - 1);
    equal(running.worker.ledger.dropped.refused, 1);
    match(
      running.said(),
      new RegExp(`refuses 1 of \\d+ metrics .*"${bad} .*Riemann says: bad event`),
    );
    await running.worker.stop(1);
    backend.close();
  });

  it("gets datagrams with transport = udp", async () => {
    const events: Event[] = [];
    const socket = createSocket("udp4").on("message", (bytes) => {
      ok(bytes.length < 1400);
      events.push(...eventsOf(bytes));
    });
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const running = run(riemannCase, "127.0.0.1", socket.address().port, { transport: "udp" });
    running.tick(POINTS);
    await until("all are there", () => events.length === POINTS);
    await running.end();
    socket.close();
  });
});
