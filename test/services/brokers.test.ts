/** Real brokers have what handlers publish, whatever goes wrong on the way. */

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, it } from "node:test";
import mqtt from "../../src/handlers/mqtt.ts";
import rmq from "../../src/handlers/rmq.ts";
import { dryHost } from "../../src/cli/connect/dry_host.ts";
import { realBrokers } from "../../src/platform/brokers/brokers.ts";
import { realClock } from "../../src/platform/clock.ts";
import type { Host } from "../../src/ports/host.ts";
import type { ConfigFiles } from "../../src/ports/local_files.ts";
import { freePort, temporary, until } from "../harness/agent_process.ts";
import { AmqpQueue } from "../harness/amqp_queue.ts";
import { badPeer, misdeeds } from "../harness/bad_peers.ts";
import { mosquitto, noMosquitto, noRabbit, rabbit, subscriber } from "../harness/brokers.ts";
import { certificates, CERTIFIED_NAME } from "../harness/certificates.ts";
import { type Case, deadlineFor, POINTS, run, settled, untilTaken } from "../harness/delivering.ts";
import { handlerDefaults } from "../harness/defaults.ts";
import { describeWith } from "../harness/describe_with.ts";
import { metric } from "../harness/metrics.ts";
import { silentLog } from "../harness/recorded_log.ts";

const realHost = {
  brokers: realBrokers,
  clock: realClock,
  names: { hostname: () => "web1" },
  self: { pid: 1 },
} as unknown as Host;
const { path: directory, remove } = temporary();
after(remove);

const mqttCase: Case = {
  name: "MQTT",
  handler: mqtt,
  options: (host, port) => ({ host, port, qos: 1 }),
};
const rmqCase: Case = {
  name: "RabbitMQ",
  handler: rmq,
  options: (server, port) => ({ server, port }),
};

/** The paths of lines `path value time`. */
const pathsOf = (lines: readonly string[]) => lines.map((line) => line.split(" ")[0]);

describeWith("MQTT", noMosquitto, () => {
  it("has each message once, whatever goes wrong on the way", async () => {
    const server = await mosquitto(join(directory, "peers"), await freePort());
    for (const version of ["3.1.1", "5"]) {
      for (const misdeed of misdeeds) {
        const reader = await subscriber(server.port, `${misdeed}${version}`, `${misdeed}/#`);
        const backend = {
          taken: () => pathsOf(reader.lines()).map((topic) => topic.slice(misdeed.length + 1)),
        };
        const peer = await badPeer(server.port, misdeed, true);
        const running = run(mqttCase, "127.0.0.1", peer.port, {
          protocol_version: version,
          prefix: misdeed,
          ...deadlineFor(misdeed),
        });
        await untilTaken(running, backend);
        await settled(running, backend, true);
        match(running.said(), new RegExp(`error MQTTHandler.*(127.0.0.1:${peer.port}|0\\.5 s)`));
        match(running.said(), /works again/, misdeed);
        reader.stop();
        peer.close();
      }
    }
    await server.stop("SIGTERM");
  });

  it("has them by each quality of service; topics have no wildcards, times may be left out", async () => {
    const server = await mosquitto(join(directory, "qualities"), await freePort());
    for (const protocol_version of ["3.1.1", "5"]) {
      for (const qos of [0, 1, 2]) {
        const prefix = `a.b#${qos}+${protocol_version[0]}`;
        const reader = await subscriber(server.port, prefix, `a/b&${qos}&${protocol_version[0]}/#`);
        const running = run(mqttCase, "127.0.0.1", server.port, {
          qos,
          protocol_version,
          prefix,
          timestamp: "True",
          timeout: 10,
        });
        running.tick(POINTS);
        await until("all are there", () => reader.lines().length === POINTS);
        match(reader.lines()[0], /^a\/b&\d&\d\/p00000x 1$/);
        await running.end();
        reader.stop();
      }
    }
    await server.stop("SIGTERM");
  });

  it("says why it is not let in, and when it is replaced", async () => {
    const base = join(directory, "login");
    const passwords = `${base}.passwords`;
    spawnSync("mosquitto_passwd", ["-b", "-c", passwords, "me", "right"]);
    const server = await mosquitto(
      base,
      await freePort(),
      `allow_anonymous false\npassword_file ${passwords}`,
    );
    for (
      const [protocol_version, says] of [
        ["3.1.1", /refuses the login: not authorized \(5\)/],
        ["5", /refuses the login: not authorized \(135\)/],
      ] as const
    ) {
      const wrong = { protocol_version, username: "me", password: "wrong" };
      const running = run(mqttCase, "127.0.0.1", server.port, wrong);
      running.tick(1);
      await until("it says so", () => says.test(running.said()));
      await running.worker.stop(0.1);
    }
    const named = { protocol_version: "5", username: "me", password: "right", client_id: "one" };
    const first = run(mqttCase, "127.0.0.1", server.port, named);
    first.tick(1);
    await until("it is taken", () => first.worker.ledger.delivered === 1);
    const second = run(mqttCase, "127.0.0.1", server.port, named);
    second.tick(1);
    await until("it is taken", () => second.worker.ledger.delivered === 1);
    first.tick(1);
    await until("it is taken after all", () => first.worker.ledger.delivered === 2);
    await Promise.all([first.end(), second.end()]);
    await server.stop("SIGTERM");
  });

  it("is only logged in at by a check", async () => {
    const server = await mosquitto(join(directory, "check"), await freePort());
    const reader = await subscriber(server.port, "check", "#");
    const steps: string[] = [];
    const host = dryHost(realHost, {
      files: {} as ConfigFiles,
      isRunning: false,
      note: ({ what, error = "" }) => void steps.push(`${what.replace(/, \d+ ms/, "")}${error}`),
    });
    const options = { ...handlerDefaults(mqtt), host: "127.0.0.1", port: server.port, qos: 1 };
    const sink = mqtt.open({ host, options: options as never, log: silentLog });
    await sink.write([metric("a", 1)], new AbortController().signal);
    await sink[Symbol.asyncDispose]();
    const running = run(mqttCase, "127.0.0.1", server.port);
    running.tick(1);
    await until("another one is there", () => reader.lines().length > 0);
    deepEqual(steps, [`logs in at 127.0.0.1:${server.port}`]);
    match(reader.lines().join(), /^p00000x 1 \d+$/);
    await running.end();
    reader.stop();
    await server.stop("SIGTERM");
  });

  it("is spoken to in secret, and only where it is who it should be", async () => {
    const base = join(directory, "tls");
    const { ca, certFile, keyFile } = certificates(directory);
    const server = await mosquitto(
      base,
      await freePort(),
      `allow_anonymous true\ncafile ${ca}\ncertfile ${certFile}\nkeyfile ${keyFile}\nrequire_certificate true`,
    );
    const files = { cafile: ca, certfile: certFile, keyfile: keyFile };
    for (
      const [options, says] of [
        [{}, /closes the connection|in time|within|reset/],
        [{ tls: true, ...files }, /certificate|altname|name/i],
        [{ tls: true, server_name: CERTIFIED_NAME }, /certificate|issuer/i],
      ] as const
    ) {
      const running = run(mqttCase, "127.0.0.1", server.port, options);
      running.tick(1);
      await until(`it says ${says}`, () => says.test(running.said()));
      await running.worker.stop(0.1);
    }
    const secure = { tls: true, server_name: CERTIFIED_NAME, ...files };
    const running = run(mqttCase, "127.0.0.1", server.port, { ...secure, timeout: 5 });
    running.tick(POINTS);
    await until("all are taken", () => running.worker.ledger.delivered === POINTS);
    await running.end();
    await server.stop("SIGTERM");
  });
});

describeWith("RabbitMQ", noRabbit, () => {
  it("has each message once; what no queue is bound for waits, or is named", async () => {
    const server = await rabbit(join(directory, "rabbit"), await freePort());
    const at = { timeout: 10 };

    const lonely = run(rmqCase, "127.0.0.1", server.port, at);
    lonely.tick(POINTS);
    await until(
      "it says so",
      () => /no queue is bound to the exchange "diamond" for "p00000x"/.test(lonely.said()),
    );
    const queue = new AmqpQueue(server.port, { exchange: "diamond", type: "topic", key: "#" });
    await queue.declare();
    const reader = await queue.follow();
    await until("all are taken", () => lonely.worker.ledger.delivered === POINTS);
    await lonely.end();
    await until("all are there", () => reader.texts.length === POINTS);
    match(reader.texts[0], /^p00000x 1 \d+$/);

    for (const misdeed of misdeeds) {
      const before = reader.texts.length;
      const backend = { taken: () => pathsOf(reader.texts.slice(before)) };
      const peer = await badPeer(server.port, misdeed, true);
      const running = run(rmqCase, "127.0.0.1", peer.port, { timeout: 2 });
      await untilTaken(running, backend);
      await settled(running, backend, true);
      match(running.said(), new RegExp(`error rmqHandler.*(127.0.0.1:${peer.port}|2 s)`), misdeed);
      match(running.said(), /works again/, misdeed);
      peer.close();
    }

    const wrong = run(rmqCase, "127.0.0.1", server.port, { ...at, password: "wrong" });
    wrong.tick(1);
    await until("it says so", () => /ACCESS_REFUSED|closes the connection/.test(wrong.said()));
    await wrong.worker.stop(0.1);

    // Another exchange of that name is taken as it is, and one key of two has a queue.
    const some = new AmqpQueue(server.port, { exchange: "some", type: "fanout", key: "" });
    await some.declare();
    const others = await some.follow();
    const pubsub = { ...at, rmq_server: ["127.0.0.1"], rmq_port: server.port };
    const fanout = run(rmqCase, "127.0.0.1", 1, {
      ...pubsub,
      rmq_exchange: "some",
      rmq_durable: false,
    });
    fanout.tick(POINTS);
    await until("all are there", () => others.texts.length === POINTS);
    await fanout.end();
    const keyed = new AmqpQueue(server.port, { exchange: "keyed", type: "topic", key: "p00001x" });
    await keyed.declare();
    const partly = run(rmqCase, "127.0.0.1", server.port, { ...at, topic_exchange: "keyed" });
    partly.tick(3);
    await until("it is through", () => partly.worker.ledger.delivered === 1);
    equal(partly.worker.ledger.dropped.refused, 2);
    match(partly.said(), /refuses 2 of 3 metrics for good, the first is "p00000x /);
    await partly.worker.stop(1);
    deepEqual(pathsOf(await keyed.everything()), ["p00001x"]);
    await Promise.all([reader.close(), others.close()]);
    await server.stop("SIGKILL");
  });
});
