/** What hostile peers send, as fast as they can. */

import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { Ports } from "./site.ts";

export interface Flood {
  readonly name: string;
  readonly count: number;
  send(ports: Ports, count: number): Promise<void>;
}

const DATAGRAMS = 1_000_000;
const LINES = 2_000_000;

/** New names, sets with long members, numbers that are none, lines without end, bytes. */
const STATSD: readonly ((at: number) => string | Uint8Array)[] = [
  (at) => `flood.name${at}:1|c`,
  (at) => `flood.users:${"u".repeat(at % 1400)}${at}|s`,
  (at) => `flood.time:${at}:${at + 1}:${at + 2}|ms|@0.1|#zone:z${at % 50}`,
  (at) => `flood.x:${at % 2 ? "NaN" : "1e999"}|g\nflood.y:|c\n:1|c\n|||||\n`,
  () => "y".repeat(8000),
  () => crypto.getRandomValues(new Uint8Array(512)),
  () => "",
  (at) => `flood.gauge:${at % 3 ? "+" : "-"}${at}|g`,
];
const bytesOf = (one: string | Uint8Array) => typeof one === "string" ? Buffer.from(one) : one;

async function datagrams(port: number, count: number, make: (at: number) => Uint8Array) {
  const socket = createSocket("udp4");
  await new Promise<void>((done) => socket.connect(port, "127.0.0.1", done));
  socket.on("error", () => {});
  for (let at = 0; at < count; at++) {
    socket.send(make(at), () => {});
    if (at % 64 === 63) await sleep(0);
  }
  await sleep(100);
  socket.close();
}

function opened(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  return socket.resume();
}

/** In blocks; waits while the peer does not read. */
async function stream(port: number, count: number, line: (at: number) => string) {
  const socket = opened(port);
  for (let at = 0; at < count; at += 500) {
    const block = Array.from({ length: 500 }, (_, more) => line(at + more)).join("");
    if (!socket.write(block)) {
      await Promise.race([new Promise((done) => socket.once("drain", done)), sleep(1000)]);
    }
  }
  await new Promise<void>((done) => socket.end(() => done()));
}

/** So many peers that begin and never end. */
async function unfinished(port: number, count: number, begin: Uint8Array | string) {
  const peers: Socket[] = [];
  for (let at = 0; at < count; at++) {
    const peer = opened(port);
    peer.write(begin);
    peers.push(peer);
    if (at % 50 === 49) await sleep(10);
  }
  await sleep(3000);
  for (const peer of peers) peer.destroy();
}

async function postOtlp(port: number, type: string, bytes: Uint8Array): Promise<void> {
  const headers = { "content-type": `application/${type}` };
  await fetch(`http://127.0.0.1:${port}/v1/metrics`, {
    ...{ method: "POST", body: new Uint8Array(bytes), headers },
  }).catch(() => {});
}

export const FLOODS: readonly Flood[] = [
  {
    name: "StatsD: hostile datagrams",
    count: DATAGRAMS,
    send: ({ statsd }, count) =>
      datagrams(statsd, count, (at) => bytesOf(STATSD[at % STATSD.length](at))),
  },
  {
    name: "Graphite: lines by TCP, 5000 names",
    count: LINES,
    send: ({ lines }, count) => stream(lines, count, (at) => `flood.a${at % 5000} ${at} -1\n`),
  },
  {
    name: "Graphite: lines by TCP, each a new name",
    count: LINES,
    send: ({ lines }, count) => stream(lines, count, (at) => `flood.b${at} ${at} ${at}\n`),
  },
  {
    name: "Graphite: lines by UDP, ten in one",
    count: LINES,
    send: ({ lines }, count) =>
      datagrams(lines, count / 10, (at) => {
        let text = "";
        for (let more = 0; more < 10; more++) {
          text += `flood.c${(at * 10 + more) % 5000} ${at} -1\n`;
        }
        return Buffer.from(text);
      }),
  },
  {
    name: "Graphite: peers that never end a frame",
    count: 500,
    async send({ pickles }, count) {
      const frame = new Uint8Array(500_000);
      frame.set([0, 0x0f, 0xff, 0xff]);
      await unfinished(pickles, count, frame);
    },
  },
  {
    name: "OTLP: points, each a new name",
    count: 1_000_000,
    async send({ otlp }, count) {
      for (let at = 0; at < count; at += 500) {
        const dataPoints = [{ timeUnixNano: `${Date.now()}000000`, asInt: "1" }];
        const metrics = Array.from(
          { length: 500 },
          (_, more) => ({ name: `flood.n${at + more}`, gauge: { dataPoints } }),
        );
        await postOtlp(
          otlp,
          "json",
          Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })),
        );
      }
    },
  },
  {
    name: "OTLP: bytes, and messages without end",
    count: 2000,
    async send({ otlp }, count) {
      const empty = new Uint8Array(2_000_000).map((_, at) => at % 2 === 0 ? 10 : 0);
      for (let at = 0; at < count; at++) {
        const bytes = at % 100 === 0 ? empty : crypto.getRandomValues(new Uint8Array(4096));
        await postOtlp(otlp, "x-protobuf", bytes);
      }
    },
  },
  {
    name: "InfluxDB: bodies that never end",
    count: 500,
    send: ({ influx }, count) =>
      unfinished(
        influx,
        count,
        `POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\n${
          "a v=1\n".repeat(50_000)
        }`,
      ),
  },
  {
    name: "InfluxDB: bodies that are 1000 times larger when unpacked",
    count: 200,
    async send({ influx }, count) {
      const body = new Uint8Array(gzipSync(Buffer.alloc(30_000_000)));
      for (let at = 0; at < count; at++) {
        await fetch(`http://127.0.0.1:${influx}/write`, {
          ...{ method: "POST", body, headers: { "content-encoding": "gzip" } },
        }).catch(() => {});
      }
    },
  },
];
