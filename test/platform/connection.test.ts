/** What a TCP connection promises, whoever holds it: the runtime, or the agent by its descriptor. */

import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import process from "node:process";
import { describe, it } from "node:test";
import type { Connection } from "../../src/ports/net.ts";
import { realNet } from "../../src/platform/net/network.ts";

const never = new AbortController().signal;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400 && !holds(); turn++) await sleep(10);
  ok(holds(), what);
}

interface Pair {
  readonly connection: Connection;
  readonly peer: Socket;
  readonly port: number;
}

/** The peer reads nothing until it is told to, and keeps its side open when ours is finished. */
async function paired(use: (pair: Pair) => Promise<void>): Promise<void> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const connection = await realNet.connect({ host: "127.0.0.1", port }, never);
  const peer = await accepted;
  peer.on("error", () => {});
  try {
    await use({ connection, peer, port });
  } finally {
    connection.destroy();
    peer.destroy();
    server.close();
  }
}

/** 0, 1, 2, … in four bytes each. */
function counted(numbers: number): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: numbers }, (_, at) => at).buffer);
}

describe("a connection", () => {
  it("brings all bytes in order to a peer that takes its time", () =>
    paired(async ({ connection, peer }) => {
      const bytes = counted(3_000_000);
      let done = false;
      const writing = Promise.resolve(connection.write(bytes, never)).then(() => (done = true));
      await sleep(50);
      equal(done, false, "more than the kernel has room for");
      const chunks: Uint8Array[] = [];
      peer.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
      peer.resume();
      await writing;
      await until(
        "all is there",
        () => chunks.reduce((sum, { length }) => sum + length, 0) === bytes.length,
      );
      ok(Buffer.concat(chunks).equals(bytes));
    }));

  it("gives a write up when it is told to, and when it breaks", () =>
    paired(async ({ connection, peer }) => {
      const late = new AbortController();
      const stuck = Promise.resolve(connection.write(counted(5_000_000), late.signal));
      setTimeout(() => late.abort(), 50);
      await rejects(stuck, /does not read/);
      equal(connection.state, "open");
      const broken = Promise.resolve(connection.write(counted(5_000_000), never));
      setTimeout(() => peer.resetAndDestroy(), 50);
      await rejects(broken, { code: "undelivered" });
      await until("it is broken", () => connection.state === "broken");
      throws(() => connection.write(counted(1), never), /closed/);
    }));

  it("ends a write that waits when it is destroyed", () =>
    paired(async ({ connection }) => {
      const stuck = Promise.resolve(connection.write(counted(5_000_000), never));
      setTimeout(() => connection.destroy(), 50);
      await rejects(stuck, { code: "undelivered" });
      equal(connection.state, "broken");
    }));

  it("knows that the peer has ended it, and drops what the peer says", () =>
    paired(async ({ connection, peer }) => {
      peer.write("what nobody asked for ".repeat(1000));
      await sleep(50);
      equal(connection.state, "open");
      peer.resume();
      peer.end();
      await until("it has ended", () => connection.state === "ended");
      equal(await connection.close(), true);
      throws(() => connection.write(counted(1), never), /closed/);
    }));

  it("is closed in order: the peer gets all, is told, and says the same", () =>
    paired(async ({ connection, peer }) => {
      let length = 0;
      let hasEnd = false;
      await connection.write(counted(1000), never);
      const closing = connection.close();
      peer.on("data", (chunk: Uint8Array) => (length += chunk.length));
      peer.on("end", () => {
        hasEnd = true;
        setTimeout(() => peer.end(), 50);
      });
      peer.resume();
      equal(await closing, true);
      deepEqual([length, hasEnd], [4000, true]);
    }));

  it("is reset by destroy: what the kernel still holds is let go", () =>
    paired(async ({ connection, peer }) => {
      const late = new AbortController();
      const stuck = Promise.resolve(connection.write(counted(2_000_000), late.signal));
      late.abort();
      await rejects(stuck);
      const failed = new Promise<Error>((resolve) => peer.once("error", resolve));
      connection.destroy();
      peer.resume();
      const closed = new Promise<undefined>((resolve) =>
        peer.once("close", () => resolve(undefined))
      );
      await Promise.race([failed, closed]);
    }));

  it("leaves no descriptor behind", async () => {
    if (process.platform !== "linux") return;
    const open = () => readdirSync("/proc/self/fd").length;
    await paired(() => Promise.resolve());
    await sleep(50);
    const before = open();
    for (let turn = 0; turn < 20; turn++) {
      await paired(async ({ connection, peer }) => {
        peer.resume();
        peer.end();
        await connection.close();
      });
    }
    await until("all are closed", () => open() <= before);
  });
});

describe("a connection that nobody writes to", () => {
  it("does not wake the process up", async () => {
    // With Deno, and elsewhere, it is the runtime's.
    if (process.versions.bun === undefined || process.platform !== "linux") return;
    await paired(async ({ port }) => {
      const { spawn } = process.getBuiltinModule("node:child_process");
      const program = `
        const { realNet } = await import("${import.meta.dirname}/../../src/platform/net/network.ts");
        await realNet.connect({ host: "127.0.0.1", port: ${port} }, new AbortController().signal);
        setTimeout(() => {}, 60000);
        console.log("connected");`;
      const child = spawn(process.execPath, ["-e", program], {
        env: { ...process.env, BUN_GC_TIMER_DISABLE: "1" },
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        await new Promise((resolve) => child.stdout.once("data", resolve));
        await sleep(500);
        const sleeps = () =>
          Number(
            /^voluntary_ctxt_switches:\s+(\d+)/m.exec(
              readFileSync(`/proc/${child.pid}/status`, "latin1"),
            )![1],
          );
        const before = sleeps();
        await sleep(4000);
        // A socket of the runtime's own: five or six times.
        ok(sleeps() - before <= 2, `${sleeps() - before} times in four seconds`);
      } finally {
        child.kill("SIGKILL");
      }
    });
  });
});
