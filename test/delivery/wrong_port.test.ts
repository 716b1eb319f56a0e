/**
 * A port behind which something else listens: nothing is counted as delivered, `status` can say what it
 * looks like, what was collected waits, and no storm of connections or of bytes is made.
 */

import { deepEqual, match, ok } from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import influxdb from "../../src/handlers/influxdb.ts";
import { until } from "../harness/agent_process.ts";
import { type Case, run } from "../harness/delivering.ts";
import { graphiteCase, streamCases, telnetCase } from "../harness/line_cases.ts";

interface Peer {
  readonly port: number;
  readonly connections: number;
  readonly bytes: number;
  close(): void;
}

/** `meet` is called with each connection. */
async function peer(meet: (socket: Socket) => void): Promise<Peer> {
  const found = { connections: 0, bytes: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    found.connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => void (found.bytes += chunk.length));
    meet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return found.connections;
    },
    get bytes() {
      return found.bytes;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const TICKS = 8;

/** Ticks ten times a second; resolves with the worker, which is stopped. */
async function ticking(to: Case, port: number, more: object = {}) {
  const running = run(to, "127.0.0.1", port, { retry_max_interval: 1, ...more });
  for (let tick = 0; tick < TICKS; tick++) {
    running.tick(20);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return running;
}

const answers: readonly (readonly [string, (socket: Socket) => void, RegExp])[] = [
  [
    "an HTTP server",
    (socket) => socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
    /looks like an HTTP server: it answers "HTTP\/1\.1 400 Bad Request"/,
  ],
  [
    "a TLS port",
    (socket) => socket.on("data", () => socket.end(Buffer.from("15030100020146", "hex"))),
    /looks like a TLS port/,
  ],
  [
    "a server that greets",
    (socket) => void socket.write("SSH-2.0-OpenSSH_9.6\r\n"),
    /looks like an SSH server/,
  ],
  [
    "a Redis",
    (socket) => socket.on("data", () => socket.write("-ERR unknown command '\x1b[31m'\r\n")),
    /looks like a Redis: it answers "-ERR unknown command '\?\[31m'"/,
  ],
];

describe("a wrong port", () => {
  for (const to of [...streamCases, telnetCase]) {
    it(`${to.name}: one that answers is told by its answer`, async () => {
      await Promise.all(answers.map(async ([name, meet, says]) => {
        const found = await peer(meet);
        const running = await ticking(to, found.port);
        const { worker } = running;
        match(worker.trouble?.message ?? "", says);
        deepEqual([worker.ledger.delivered, worker.ledger.collected], [0, 20 * TICKS], name);
        ok(found.connections <= 6, `${found.connections} connections`);
        found.close();
        await worker.stop(0.2);
      }));
    });

    it(`${to.name}: one that closes after each write, as carbon's port for pickles does`, async () => {
      const found = await peer((socket) => socket.on("data", () => socket.end()));
      const { worker } = await ticking(to, found.port);
      match(worker.trouble?.message ?? "", /times in a row: it looks like the port of another/);
      deepEqual(worker.ledger.delivered, 0);
      ok(found.connections <= 6, `${found.connections} connections`);
      found.close();
      await worker.stop(0.2);
    });
  }

  it("is noticed without another tick, and forgotten when the right one is there", async () => {
    let isRight = false;
    const found = await peer((socket) => {
      if (!isRight) socket.on("data", () => socket.end());
    });
    const running = run(graphiteCase, "127.0.0.1", found.port, { resend_seconds: 1, spool: "off" });
    running.tick(20);
    await until("it is failing", () => running.worker.trouble !== undefined, 8);
    isRight = true;
    await until("it works", () => running.worker.trouble === undefined, 8);
    await running.end();
    found.close();
  });

  it("TSDB by telnet: what the peer refuses of what it takes is counted, and nothing sent again", async () => {
    const found = await peer((socket) =>
      socket.once("data", () => socket.write("put: illegal argument: p00003x\nput: too long\n"))
    );
    const running = await ticking(telnetCase, found.port);
    const { worker } = running;
    await until("it is told", () => running.said().includes("refuses 2 metrics"));
    await worker.stop(5);
    const { delivered, dropped, resent } = worker.ledger;
    deepEqual([delivered, dropped.refused, resent], [20 * TICKS - 2, 2, 0]);
    found.close();
  });

  it("TSDB by telnet: while everything is refused nothing is dropped", async () => {
    const found = await peer((socket) =>
      socket.on("data", (chunk) => {
        const puts = chunk.toString("latin1").split("\n").length - 1;
        socket.write("put: unknown metric\n".repeat(puts));
      })
    );
    const running = await ticking(telnetCase, found.port);
    const { worker } = running;
    match(worker.trouble?.message ?? "", /refuses everything: it says "put: unknown metric"/);
    deepEqual([worker.ledger.delivered, worker.ledger.dropped.refused], [0, 0]);
    found.close();
    await worker.stop(0.2);
  });

  it("HTTP and TLS to a port of lines, TLS to HTTP: told by what comes back", async () => {
    const greets = await peer((socket) => void socket.write("what do you want?\n"));
    const page = await peer((socket) =>
      socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))
    );
    const influx: Case = {
      name: "Influxdb",
      handler: influxdb,
      options: (hostname, port) => ({ hostname, port }),
    };
    const wrong = [
      [influx, greets, {}, /looks like something else than an HTTP server/],
      [influx, page, { ssl: true }, /looks like a port without TLS/],
      [graphiteCase, page, { tls: true }, /looks like a port without TLS/],
    ] as const;
    await Promise.all(wrong.map(async ([to, { port }, more, says]) => {
      const { worker } = await ticking(to, port, more);
      match(worker.trouble?.message ?? "", says);
      deepEqual(worker.ledger.delivered, 0);
      await worker.stop(0.2);
    }));
    greets.close();
    page.close();
  });

  it("is told at the stop too, when the answer comes with the end", async () => {
    const found = await peer((socket) =>
      socket.on("end", () => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"))
    );
    const { worker, tick } = run(graphiteCase, "127.0.0.1", found.port);
    tick(20);
    await until("it is sent", () => worker.ledger.unconfirmed === 20);
    await worker.stop(2);
    deepEqual([worker.ledger.delivered, worker.ledger.dropped.stopped], [0, 20]);
    found.close();
  });

  it("InfluxDB: a page is no receipt", async () => {
    const page = "<html>Welcome</html>";
    const found = await peer((socket) =>
      socket.on("data", () =>
        socket.end(
          `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
        ))
    );
    const running = await ticking({
      name: "Influxdb",
      handler: influxdb,
      options: (hostname, port) => ({ hostname, port }),
    }, found.port);
    match(running.worker.trouble?.message ?? "", /answers 200 with a web page/);
    deepEqual(running.worker.ledger.delivered, 0);
    found.close();
    await running.worker.stop(0.2);
  });
});
