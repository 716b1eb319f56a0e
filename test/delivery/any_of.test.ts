/** Relays of which any one may take a batch: who gets what, while some of them are away or are another protocol's. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import cluster from "../../src/handlers/graphite_cluster.ts";
import { freePort, lineServer, until } from "../harness/agent_process.ts";
import { pathOf } from "../harness/bad_peers.ts";
import { type Case, run } from "../harness/delivering.ts";

type Relay = Awaited<ReturnType<typeof lineServer>>;

function balanced(ports: readonly number[], more: object = {}) {
  const relays: Case = {
    name: "GraphiteCluster",
    handler: cluster,
    options: () => ({
      host: ports.map((port) => `127.0.0.1:${port}`),
      hash: "any_of",
      resend_seconds: 1,
      ...more,
    }),
  };
  return run(relays, "", 0);
}

const pathsAt = (relay: Relay) => relay.lines.map((line) => line.split(" ")[0]);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ticks until a relay has got something more. */
async function untilTaken(running: ReturnType<typeof balanced>, relay: Relay): Promise<void> {
  const before = relay.lines.length;
  await until("it gets its share", async () => {
    running.tick(1);
    await pause(20);
    return relay.lines.length > before;
  });
}

describe("any_of", () => {
  it("gives each batch to one relay, in turn, and each point once", async () => {
    const relays = await Promise.all([lineServer(), lineServer(), lineServer()]);
    const running = balanced(relays.map(({ port }) => port));
    for (const relay of relays) await untilTaken(running, relay);
    const before = relays.map(({ lines }) => lines.length);
    for (let tick = 0; tick < 30; tick++) {
      running.tick(10);
      await until("it is written", () => running.worker.queued === 0);
    }
    await running.end();
    const all = () => relays.flatMap(pathsAt);
    await until("all came", () => all().length >= running.offered().length);
    deepEqual(all().sort(), running.offered());
    deepEqual(relays.map(({ lines }, number) => lines.length - before[number]), [100, 100, 100]);
    await Promise.all(relays.map((relay) => relay.close()));
  });

  it("gives the share of one that dies to the others, with what it has not confirmed", async () => {
    const relays = await Promise.all([lineServer(), lineServer(), lineServer()]);
    const running = balanced(relays.map(({ port }) => port), { resend_seconds: 5 });
    for (const relay of relays) await untilTaken(running, relay);
    const [dead, ...others] = relays;
    await dead.close();
    // What it got is gone with it.
    for (let tick = 0; tick < 10; tick++) {
      running.tick(10);
      await until("it is written", () => running.worker.queued === 0);
    }
    equal(running.worker.trouble, undefined, "the others go on");
    await running.end();
    const taken = () => others.flatMap(pathsAt);
    await until("all came", () => new Set(taken()).size >= running.offered().length);
    deepEqual([...new Set(taken())].sort(), running.offered());
    equal(taken().length, running.offered().length, "only what the dead one had came again");
    equal(running.worker.ledger.resent, dead.lines.length);
    match(running.said(), new RegExp(`127.0.0.1:${dead.port}`));
    await Promise.all(others.map((relay) => relay.close()));
  });

  it("takes one back that has come to life, and waits where none is left", async () => {
    const [first, second] = await Promise.all([lineServer(), lineServer()]);
    const running = balanced([first.port, second.port]);
    for (const relay of [first, second]) await untilTaken(running, relay);
    await Promise.all([first.close(), second.close()]);
    await until("it fails", () => {
      running.tick(1);
      return running.worker.trouble !== undefined;
    });
    ok(running.worker.queued > 0);
    const again = await lineServer({ port: second.port });
    await untilTaken(running, again);
    const both = await lineServer({ port: first.port });
    await untilTaken(running, both);
    await running.end();
    const taken = () => [first, second, again, both].flatMap(pathsAt);
    await until("all came", () => new Set(taken()).size === running.offered().length);
    await Promise.all([again.close(), both.close()]);
  });

  it("takes from one that does not read, for the other", async () => {
    const [deaf, good] = await Promise.all([lineServer({ reads: false }), lineServer()]);
    const running = balanced([deaf.port, good.port]);
    await until("it is found out", async () => {
      // So much that its system's buffer is full.
      running.tick(2000);
      await pause(50);
      return /does not read what it is sent/.test(running.said());
    });
    ok(running.worker.ledger.resent > 0);
    await until("it is written", () => running.worker.queued === 0);
    await running.worker.stop(1);
    await Promise.all([deaf.close(), good.close()]);
  });

  it("passes a relay over that is not there, and a port that is another protocol's", async () => {
    const good = await lineServer();
    const nobody = await freePort();
    const web = createServer((_, response) => response.end("no"));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const { port } = web.address() as AddressInfo;
    const running = balanced([nobody, port, good.port]);
    await until("all came", () => {
      running.tick(10);
      return new Set(pathsAt(good)).size >= 300;
    });
    await running.end();
    await until("all came", () => new Set(pathsAt(good)).has(pathOf(running.offered().length - 1)));
    deepEqual([...new Set(pathsAt(good))].sort(), running.offered());
    match(running.said(), /HTTP|refused/);
    web.close();
    web.closeAllConnections();
    await good.close();
  });
});
