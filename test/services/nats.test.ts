/** A stream of a real NATS has each message once, whatever goes wrong on the way. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { after, it } from "node:test";
import nats from "../../src/handlers/nats.ts";
import { freePort, temporary, until } from "../harness/agent_process.ts";
import { badPeer, misdeeds } from "../harness/bad_peers.ts";
import { certificates, CERTIFIED_NAME } from "../harness/certificates.ts";
import { type Case, POINTS, run } from "../harness/delivering.ts";
import { describeWith } from "../harness/describe_with.ts";
import { makeStream, messagesOf, natsServer, noNats } from "../harness/nats.ts";

const { path: directory, remove } = temporary();
after(remove);

const natsCase: Case = {
  name: "NATS",
  handler: nats,
  options: (host, port) => ({ host, port }),
};

describeWith("NATS JetStream", noNats, () => {
  it("has each message once, whatever goes wrong on the way", async () => {
    for (const misdeed of misdeeds) {
      const server = await natsServer(join(directory, misdeed), await freePort());
      await makeStream(server.port, "test.>");
      const peer = await badPeer(server.port, misdeed, true);
      const running = run(natsCase, "127.0.0.1", peer.port, { prefix: "test", timeout: 1 });
      running.tick(POINTS);
      await until("all are taken", () => {
        running.tick(1);
        return running.worker.ledger.delivered > POINTS;
      });
      await running.end();
      match(running.said(), new RegExp(`error NatsHandler.*(127.0.0.1:${peer.port}|1 s)`), misdeed);
      const texts = await messagesOf(server.port);
      match(texts[0], /^p00000x 1 \d+$/);
      const paths = texts.map((text) => text.split(" ")[0]);
      deepEqual(paths.toSorted(), running.offered());
      peer.close();
      await server.stop("SIGTERM");
    }
  });

  it("says where no stream is, and goes on where one is made", async () => {
    const server = await natsServer(join(directory, "again"), await freePort());
    const running = run(natsCase, "127.0.0.1", server.port, { timeout: 5, prefix: "test" });
    running.tick(1);
    await until(
      "it says so",
      () => /no stream for subjects such as "test\.p00000x"/.test(running.said()),
    );
    await makeStream(server.port, "test.>");
    await until("it is taken", () => running.worker.ledger.delivered === 1);
    await running.end();
    await server.stop("SIGTERM");
  });

  it("lets in who it should, by password and token", async () => {
    for (
      const [conf, login, options] of [
        [
          "authorization { user: me, password: right }",
          { user: "me", pass: "right" },
          { user: "me", password: "right" },
        ],
        ["authorization { token: right }", { token: "right" }, { token: "right" }],
      ] as const
    ) {
      const server = await natsServer(join(directory, conf.slice(16, 20)), await freePort(), conf);
      await makeStream(server.port, "p.>", login);
      const wrong = run(natsCase, "127.0.0.1", server.port, { token: "wrong token" });
      wrong.tick(1);
      await until("it says so", () => /Authorization/i.test(wrong.said()));
      ok(!wrong.said().includes("wrong token"));
      await wrong.worker.stop(0.1);
      const right = run(natsCase, "127.0.0.1", server.port, {
        ...options,
        timeout: 5,
        prefix: "p",
      });
      right.tick(POINTS);
      await until("all are taken", () => right.worker.ledger.delivered === POINTS);
      await right.end();
      equal((await messagesOf(server.port, login)).length, POINTS);
      await server.stop("SIGTERM");
    }
  });

  it("is spoken to in secret, and only where it is who it should be", async () => {
    const { ca, certFile, keyFile } = certificates(directory);
    const server = await natsServer(
      join(directory, "tls"),
      await freePort(),
      `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`,
    );
    const plain = await natsServer(join(directory, "plain"), await freePort());
    for (
      const [port, options, says] of [
        [server.port, { tls: true, ca }, /certificate|altname|name/i],
        [server.port, { tls: true, server_name: CERTIFIED_NAME }, /certificate|issuer/i],
        [plain.port, { tls: true, ca, server_name: CERTIFIED_NAME }, /tls/i],
      ] as const
    ) {
      const running = run(natsCase, "127.0.0.1", port, { ...options, timeout: 3 });
      running.tick(1);
      await until(`it says ${says}`, () => says.test(running.said()));
      await running.worker.stop(0.1);
    }
    const secure = { tls: true, ca, server_name: CERTIFIED_NAME };
    const running = run(natsCase, "127.0.0.1", server.port, { ...secure, timeout: 5 });
    running.tick(1);
    await until("it is in", () => /no stream/.test(running.said()));
    await running.worker.stop(0.1);
    await Promise.all([server.stop("SIGTERM"), plain.stop("SIGTERM")]);
  });
});
