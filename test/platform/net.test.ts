import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createSocket } from "node:dgram";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import graphite from "../../src/handlers/graphite.ts";
import { deliveryOptions } from "../../src/core/handler.ts";
import { createHost } from "../../src/platform/host.ts";
import { serveLines } from "../../src/platform/net/line_server.ts";
import { metrics } from "../harness/metrics.ts";
import { silentLog } from "../harness/recorded_log.ts";
import { defaultsOf } from "../harness/defaults.ts";

const until = async (what: string, holds: () => boolean) => {
  for (let turn = 0; turn < 400 && !holds(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  ok(holds(), what);
};

describe("GraphiteHandler", () => {
  const host = createHost({ procfs: "", sysfs: "", rootfs: "" });
  const fallbacks = defaultsOf({ ...deliveryOptions, ...graphite.options });
  const open = (options: object) =>
    graphite.open({
      host,
      log: silentLog,
      options: { ...fallbacks, host: "127.0.0.1", ...options } as Parameters<
        typeof graphite.open
      >[0]["options"],
    });
  const soon = () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("too late")), 2000).unref?.();
    return stop.signal;
  };

  async function listener(
    onSocket: (socket: Socket) => void,
    address = "127.0.0.1",
  ): Promise<{ server: Server; port: number }> {
    const server = createServer(onSocket);
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    return { server, port: (server.address() as { port: number }).port };
  }

  it("sends lines, and connects anew when the peer has gone", async () => {
    let text = "";
    const sockets: Socket[] = [];
    const { server, port } = await listener((socket) => {
      sockets.push(socket);
      socket.on("data", (chunk) => (text += chunk));
    });
    const sink = open({ port });
    await sink.write(metrics(2), soon());
    await until("the lines arrive", () => text === "m0 0 1000\nm1 1 1000\n");
    sockets[0].end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    text = "";
    await sink.write(metrics(1), soon());
    await until(
      "the line arrives over a second connection",
      () => text === "m0 0 1000\n" && sockets.length === 2,
    );
    await sink[Symbol.asyncDispose]();
    await until("the connection is closed", () => sockets[1].readableEnded || sockets[1].destroyed);
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });

  for (
    const [proto, address] of [["tcp4", "127.0.0.1"], ["tcp6", "::1"], [
      "tcp",
      "localhost",
    ]] as const
  ) {
    it(`${proto} to ${address}`, async () => {
      let text = "";
      const { server, port } = await listener(
        (socket) => socket.on("data", (chunk) => (text += chunk)),
        proto === "tcp6" ? "::1" : "127.0.0.1",
      );
      const sink = open({ port, proto, host: address, keepalive: true });
      await sink.write(metrics(1), soon());
      await until("the line arrives", () => text === "m0 0 1000\n");
      await sink[Symbol.asyncDispose]();
      server.close();
    });
  }

  it("says who refuses", async () => {
    const { server, port } = await listener(() => {});
    await new Promise((resolve) => server.close(resolve));
    await rejects(
      async () => open({ port }).write(metrics(1), soon()),
      new RegExp(`cannot connect to 127.0.0.1:${port}`),
    );
  });

  it("gives up at the signal on a peer that never reads", async () => {
    const sockets: Socket[] = [];
    const { server, port } = await listener((socket) => {
      sockets.push(socket);
      socket.pause();
    });
    const sink = open({ port });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    await rejects(
      (async () => {
        for (let write = 0; write < 2000; write++) await sink.write(metrics(2000), stop.signal);
      })(),
      /does not read|in time/,
    );
    await sink[Symbol.asyncDispose]();
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });

  it("spreads over a balancer with reconnect_interval", async () => {
    let connections = 0;
    const { server, port } = await listener((socket) => {
      connections++;
      socket.resume();
    });
    const sink = open({ port, reconnect_interval: 0.05 });
    for (let write = 0; write < 3; write++) {
      await sink.write(metrics(1), soon());
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    await until("each write has its connection", () => connections === 3);
    await sink[Symbol.asyncDispose]();
    server.close();
  });

  for (const proto of ["udp", "udp4", "udp6"]) {
    it(`${proto}: whole lines in datagrams of at most 1400 bytes`, async () => {
      const socket = createSocket(proto === "udp6" ? "udp6" : "udp4");
      const address = proto === "udp6" ? "::1" : "127.0.0.1";
      await new Promise<void>((resolve) => socket.bind(0, address, resolve));
      const got: string[] = [];
      socket.on("message", (message) => got.push(message.toString()));
      const sink = open({ host: address, port: socket.address().port, proto });
      await sink.write(metrics(300), soon());
      await until("all arrive", () => got.join("").split("\n").length === 301);
      ok(
        got.every((datagram) => datagram.length <= 1400 && datagram.endsWith("\n")) &&
          got.length > 2,
      );
      await sink[Symbol.asyncDispose]();
      socket.close();
    });
  }
});

describe("a server of lines", () => {
  const path = join(tmpdir(), `lines-${process.pid}.sock`);

  /** What comes back for what is said; the peer reads only after a while. */
  function ask(said: string, ends: boolean, pauseMs = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path, allowHalfOpen: true });
      let text = "";
      socket.pause();
      setTimeout(() => socket.resume(), pauseMs);
      socket.on("connect", () => ends ? socket.end(said) : socket.write(said));
      socket.on("data", (chunk) => void (text += chunk));
      socket.on("end", () => (socket.destroy(), resolve(text)));
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    });
  }

  it("answers one line, all of it, and lets go who asks nothing", async () => {
    const asked: string[] = [];
    const close = await serveLines(path, async (line) => {
      asked.push(line);
      await Promise.resolve();
      return line === "much" ? "ä".repeat(1_000_000) : `<${line}>`;
    });
    try {
      equal(await ask("a\n", false), "<a>\n");
      equal(await ask("ä\nmore\n", true), "<ä>\n");
      equal(await ask("much\n", false, 100), `${"ä".repeat(1_000_000)}\n`);
      equal(await ask("much\n", true, 50), `${"ä".repeat(1_000_000)}\n`);
      equal(await ask("no line", true), "");
      equal(await ask("", true), "");
      equal(await ask("x".repeat(70_000), false).catch(() => ""), "");
      deepEqual(asked, ["a", "ä", "much", "much"]);
    } finally {
      close();
      rmSync(path, { force: true });
    }
    await rejects(ask("a\n", false));
    await rejects(async () =>
      await serveLines("/nowhere/at/all/lines.sock", () => Promise.resolve(""))
    );
  });
});

describe("what a peer has not acknowledged", () => {
  it("is known, and a table that is dear not read all the time", async () => {
    const silent = createServer((socket) => void socket.on("error", () => {}).pause());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const never = new AbortController().signal;
    const { port } = silent.address() as { port: number };
    const { connect } = createHost({ procfs: "", sysfs: "", rootfs: "" }).net;
    const connection = await connect({ host: "127.0.0.1", port }, never);
    const stuck = new AbortController();
    const writing = (async () => {
      for (;;) await connection.write(new Uint8Array(1_000_000), stuck.signal);
    })();
    const looks: (number | undefined)[] = [];
    for (let turn = 0; turn < 100 && !looks.some((bytes) => bytes); turn++) {
      looks.push(connection.unacknowledged(), connection.unacknowledged());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    ok(looks.some((bytes) => bytes !== undefined && bytes > 100_000), looks.join());
    // Bun asks the kernel, which costs nothing.
    const isAsked = process.versions.bun !== undefined && process.platform === "linux";
    equal(looks.includes(undefined), !isAsked, "two looks in a row are one");
    stuck.abort();
    await rejects(writing, /does not read/);
    connection.destroy();
    silent.close();
  });
});
