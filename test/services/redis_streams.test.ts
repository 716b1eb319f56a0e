/** A stream of a real Redis has each point once, whatever goes wrong on the way. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { after, it } from "node:test";
import redisStream from "../../src/handlers/redis_stream.ts";
import { freePort, temporary, until } from "../harness/agent_process.ts";
import { badPeer, misdeeds } from "../harness/bad_peers.ts";
import { certificates, CERTIFIED_NAME, noOpenssl } from "../harness/certificates.ts";
import { type Case, POINTS, run, settled, untilTaken } from "../harness/delivering.ts";
import { describeWith } from "../harness/describe_with.ts";
import { metric } from "../harness/metrics.ts";
import { noRedis, redisServer } from "../harness/redis.ts";

const { path: directory, remove } = temporary();
after(remove);

const redisCase: Case = {
  name: "Redis",
  handler: redisStream,
  options: (host, port) => ({ host, port, stream: "metrics" }),
};

describeWith("a stream of Redis", noRedis, () => {
  it("has each point once, whatever goes wrong on the way", async () => {
    const server = await redisServer(join(directory, "peers"), await freePort());
    for (const format of ["fields", "line"]) {
      for (const misdeed of misdeeds) {
        const stream = `${misdeed}:${format}`;
        const backend = {
          taken: () => server.entries(stream).map(({ path, line }) => path ?? line.split(" ")[0]),
        };
        const peer = await badPeer(server.port, misdeed, true);
        const running = run(redisCase, "127.0.0.1", peer.port, { stream, format });
        await untilTaken(running, backend);
        await settled(running, backend, true);
        match(running.said(), new RegExp(`error RedisStreamHandler.*(:${peer.port}|0\\.5 s)`));
        match(running.said(), /works again/, misdeed);
        peer.close();
      }
    }
    await server.stop("SIGTERM");
  });

  it("has an entry for each point, in the stream of its host, and keeps about so many", async () => {
    const server = await redisServer(join(directory, "entries"), await freePort());
    const running = run(redisCase, "127.0.0.1", server.port, {
      stream: "of:{host}",
      maxlen: 1000,
      db: 2,
      timeout: 5,
    });
    running.tick(3);
    await until("they are taken", () => running.worker.ledger.delivered === 3);
    const [stream] = server.ask("-n", "2", "KEYS", "of:*") as string[];
    deepEqual(stream.split(":").slice(0, 1), ["of"]);
    for (let done = 0; done < 20; done++) running.tick(POINTS);
    await running.end();
    const length = server.ask("-n", "2", "XLEN", stream) as number;
    ok(length >= 1000 && length < 2000, `${length} entries`);
    await server.stop("SIGTERM");
  });

  it("has each once where the server stood still, or was killed, and confirmed what it took", async () => {
    const base = join(directory, "still");
    let server = await redisServer(base, await freePort());
    const running = run(redisCase, "127.0.0.1", server.port);
    running.tick(POINTS);
    await until("they are taken", () => running.worker.ledger.delivered === POINTS);
    for (let done = 0; done < 3; done++) {
      server.send("SIGSTOP");
      running.tick(POINTS);
      const { retries } = running.worker.ledger;
      await until("it has given up twice", () => running.worker.ledger.retries >= retries + 2);
      server.send("SIGCONT");
      running.tick(1);
      await until("all are taken", () => running.worker.queued === 0);
      running.tick(POINTS);
      await server.stop("SIGKILL");
      server = await redisServer(base, server.port);
    }
    await running.end();
    deepEqual(server.entries("metrics").map(({ path }) => path).toSorted(), running.offered());
    await server.stop("SIGTERM");
  });

  it("leaves out what an agent had written that was killed before it knew", async () => {
    const server = await redisServer(join(directory, "killed"), await freePort());
    const first = run(redisCase, "127.0.0.1", server.port);
    first.tick(POINTS);
    await first.end();
    const second = run(redisCase, "127.0.0.1", server.port);
    second.worker.offer(
      server.entries("metrics").map(({ path, timestamp }) => metric(path, 1, Number(timestamp))),
    );
    second.worker.flush();
    await until("they are taken", () => second.worker.ledger.delivered === POINTS);
    second.worker.offer([metric("another", 1)]);
    second.worker.flush();
    await until("another one is taken", () => second.worker.ledger.delivered === POINTS + 1);
    await second.worker.stop(1);
    equal(server.entries("metrics").length, POINTS + 1);
    await server.stop("SIGTERM");
  });

  const troubles: readonly {
    readonly name: string;
    readonly args?: readonly string[];
    readonly options?: object;
    readonly break: readonly (readonly string[])[];
    readonly mend: readonly (readonly string[])[];
    readonly says: RegExp;
  }[] = [
    {
      name: "a key that is not a stream",
      break: [["SET", "metrics", "1"]],
      mend: [["DEL", "metrics"]],
      says: /WRONGTYPE.*: there is something else in "metrics": name another stream/,
    },
    {
      name: "a full memory",
      break: [["CONFIG", "SET", "maxmemory", "1"]],
      mend: [["CONFIG", "SET", "maxmemory", "0"]],
      says: /OOM .*: lower maxlen, or raise the server's maxmemory/,
    },
    {
      name: "a replica",
      break: [["REPLICAOF", "127.0.0.1", "1"]],
      mend: [["REPLICAOF", "NO", "ONE"]],
      says: /READONLY .*: this is a replica: name its primary in host/,
    },
    {
      name: "a replica without data",
      args: ["--replica-serve-stale-data", "no"],
      break: [["REPLICAOF", "127.0.0.1", "1"]],
      mend: [["REPLICAOF", "NO", "ONE"]],
      says: /MASTERDOWN/,
    },
    {
      name: "a cluster without the stream's slot",
      args: ["--cluster-enabled", "yes"],
      break: [],
      mend: [["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]],
      says: /CLUSTERDOWN/,
    },
    {
      name: "no password",
      break: [["CONFIG", "SET", "requirepass", "right"]],
      mend: [["-a", "right", "CONFIG", "SET", "requirepass", ""]],
      says: /NOAUTH .*: look at username and password/,
    },
    {
      name: "a wrong password",
      options: { username: "me", password: "not the right one" },
      break: [["ACL", "SETUSER", "me", "on", ">right", "~*", "+@all"]],
      mend: [["ACL", "SETUSER", "me", ">not the right one"]],
      says: /WRONGPASS .*: look at username and password/,
    },
    {
      name: "a user without rights",
      options: { username: "me", password: "secret" },
      break: [["ACL", "SETUSER", "me", "on", ">secret", "~metrics", "+xadd"]],
      mend: [[
        ...["ACL", "SETUSER", "me", "~{metrics}:from:*", "+eval", "+hmget", "+hget", "+hset"],
        "+expire",
      ]],
      says: /NOPERM .*: give the user the rights on the stream/,
    },
    {
      name: "no memory, without EVAL",
      options: { deduplicate: false },
      break: [["CONFIG", "SET", "maxmemory", "1"]],
      mend: [["CONFIG", "SET", "maxmemory", "0"]],
      says: /OOM .*: lower maxlen, or raise the server's maxmemory/,
    },
  ];
  for (const { name, args, options, break: breaks, mend, says } of troubles) {
    it(`${name}: it says so, points wait, and arrive once it is mended`, async () => {
      const server = await redisServer(join(directory, name), await freePort(), args);
      for (const words of breaks) server.ask(...words);
      const running = run(redisCase, "127.0.0.1", server.port, { timeout: 5, ...options });
      running.tick(POINTS);
      await until(`it says ${says}`, () => says.test(running.said()));
      match(running.said(), new RegExp(`127.0.0.1:${server.port} says: `));
      ok(!running.said().includes("not the right one"), running.said());
      for (const words of mend) server.ask(...words);
      await until("all are taken", () => running.worker.ledger.delivered === POINTS);
      await running.end();
      equal(server.entries("metrics").length, POINTS);
      await server.stop("SIGTERM");
    });
  }

  it("takes points without EVAL too, where deduplicate is off", async () => {
    const server = await redisServer(
      join(directory, "no eval"),
      await freePort(),
      ["--rename-command", "EVAL", ""],
    );
    const running = run(redisCase, "127.0.0.1", server.port, { timeout: 5 });
    running.tick(1);
    const says = /unknown command.*: it takes Redis 5 or later, .* set deduplicate = False/;
    await until("it says so", () => says.test(running.said()));
    await running.worker.stop(0.1);
    const plain = run(redisCase, "127.0.0.1", server.port, { timeout: 5, deduplicate: false });
    plain.tick(POINTS);
    await plain.end();
    equal(server.entries("metrics").length, POINTS);
    await server.stop("SIGTERM");
  });

  it("is spoken to by a unix socket, and in secret", { skip: noOpenssl }, async () => {
    const { ca, certFile, keyFile } = certificates(directory);
    const [port, secure] = [await freePort(), await freePort()];
    const socket = join(directory, "redis.sock");
    const server = await redisServer(join(directory, "tls"), port, [
      ...["--unixsocket", socket, "--tls-port", String(secure), "--tls-auth-clients", "no"],
      ...["--tls-cert-file", certFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", ca],
    ]);
    const tls = { tls: true, ca, server_name: CERTIFIED_NAME, timeout: 5 };
    for (
      const [to, options, says] of [
        [secure, { ...tls, server_name: "" }, /certificate|altname|name/i],
        [port, { ...tls, timeout: 1 }, /TLS|in time|within 1 s/],
      ] as const
    ) {
      const running = run(redisCase, "127.0.0.1", to, options);
      running.tick(1);
      await until(`it says ${says}`, () => says.test(running.said()));
      await running.worker.stop(0.1);
    }
    const byPath = { host: `unix:${socket}`, timeout: 5, producer: "another" };
    for (const options of [tls, byPath]) {
      const running = run(redisCase, "127.0.0.1", secure, options);
      running.tick(POINTS);
      await running.end();
    }
    equal(server.entries("metrics").length, 2 * POINTS);
    await server.stop("SIGTERM");
  });
});
