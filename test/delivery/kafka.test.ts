/** What a Kafka is sent comes once for as long as the agent runs: a broker that keeps the rules of sequence numbers. */

import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import kafka from "../../src/handlers/kafka.ts";
import { startSilent } from "../harness/mongod.ts";
import { temporary, until } from "../harness/agent_process.ts";
import { badPeer, misdeeds } from "../harness/bad_peers.ts";
import { certificates, CERTIFIED_NAME, noOpenssl } from "../harness/certificates.ts";
import { handlerDefaults } from "../harness/defaults.ts";
import { type Case, POINTS, run, settled, untilTaken } from "../harness/delivering.ts";
import { describeWith } from "../harness/describe_with.ts";
import { CODES, kafkaBroker } from "../harness/kafka_broker.ts";

const kafkaCase: Case = {
  name: "Kafka",
  handler: kafka,
  options: (host, port) => ({ brokers: [`${host}:${port}`] }),
};
const { path: directory, remove } = temporary();
after(remove);

describe("KafkaHandler", () => {
  for (const misdeed of misdeeds) {
    it(`goes on after a peer's misdeed, each point once: ${misdeed}`, async () => {
      const broker = await kafkaBroker();
      const peer = await badPeer(broker.port, misdeed, true);
      broker.advertised = peer.port;
      const running = run(kafkaCase, "127.0.0.1", peer.port);
      await untilTaken(running, broker);
      await settled(running, broker, true);
      match(running.said(), new RegExp(`error KafkaHandler.*(127.0.0.1:${peer.port}|0\\.5 s)`));
      match(running.said(), /works again/);
      peer.close();
      broker.close();
    });
  }

  it("goes on after a broker that names no brokers, or none that can be", async () => {
    const broker = await kafkaBroker();
    const running = run(kafkaCase, "127.0.0.1", broker.port);
    broker.namesBroker = false;
    running.tick(POINTS);
    await until("it says so", () => /has no leader at the moment/.test(running.said()));
    await broker.end();
    [broker.namesBroker, broker.advertised] = [true, 70_000];
    await broker.begin();
    const says = /a broker of the Kafka is at "127\.0\.0\.1:70000"/;
    await until("it says so", () => says.test(running.said()));
    broker.advertised = 0;
    await settled(running, broker, true);
    broker.close();
  });

  it("sends again what a broker took without an answer, and it comes once", async () => {
    for (const [keyed_by, swallows] of [["host", 1], ["host", 5], ["metric", 5]]) {
      const broker = await kafkaBroker({ partitions: 4 });
      const running = run(kafkaCase, "127.0.0.1", broker.port, { keyed_by, timeout: 5 });
      running.tick(POINTS);
      await until("they are there", () => broker.taken().length === POINTS);
      broker.swallows = swallows as number;
      for (let round = 0; round < 5; round++) {
        running.tick(POINTS);
        await until("they are there", () => broker.taken().length >= (round + 2) * POINTS);
      }
      await settled(running, broker, true);
      broker.close();
    }
  });

  it("loses nothing where brokers end and begin again, and nothing comes twice", async () => {
    const broker = await kafkaBroker({ partitions: 4 });
    const running = run(kafkaCase, "127.0.0.1", broker.port, { keyed_by: "metric" });
    for (let restart = 0; restart < 3; restart++) {
      broker.swallows = 1;
      running.tick(POINTS);
      await until("it has some", () => broker.taken().length > restart * POINTS);
      await broker.end();
      running.tick(POINTS);
      await until("it says so", () => /error KafkaHandler.*cannot connect/.test(running.said()));
      await broker.begin();
      await until("all are taken", () => running.worker.queued === 0);
    }
    await settled(running, broker, true);
    broker.close();
  });

  it("follows a leader that moves, without a word", async () => {
    const broker = await kafkaBroker();
    broker.answers(CODES.notLeader, CODES.notLeader);
    const running = run(kafkaCase, "127.0.0.1", broker.port, { timeout: 5 });
    await untilTaken(running, broker);
    await settled(running, broker, true);
    ok(!running.said().includes("error"));
    broker.close();
  });

  it("asks another broker where one is silent", async () => {
    using silent = await startSilent();
    const broker = await kafkaBroker();
    const running = run(kafkaCase, "127.0.0.1", silent.port, {
      timeout: 3,
      brokers: [`127.0.0.1:${silent.port}`, `127.0.0.1:${broker.port}`],
    });
    await untilTaken(running, broker);
    await settled(running, broker, true);
    ok(!running.said().includes("error"));
    broker.close();
  });

  it("goes on where a topic is made again with fewer partitions", async () => {
    const broker = await kafkaBroker({ partitions: 4 });
    const running = run(kafkaCase, "127.0.0.1", broker.port, { keyed_by: "metric" });
    running.tick(POINTS);
    await until("they are there", () => broker.taken().length === POINTS);
    broker.answers(...Array.from({ length: 4 }, () => CODES.notEnoughReplicas));
    running.tick(POINTS);
    await until("it says so", () => /min.insync.replicas/.test(running.said()));
    broker.partitions = 1;
    broker.forgetProducers();
    await until("all are taken", () => running.worker.queued === 0);
    await settled(running, broker, false);
    broker.close();
  });

  it("begins as another producer where a broker has forgotten this one", async () => {
    const broker = await kafkaBroker();
    const running = run(kafkaCase, "127.0.0.1", broker.port);
    running.tick(POINTS);
    await until("they are there", () => running.worker.ledger.delivered === POINTS);
    broker.forgetProducers();
    running.tick(POINTS);
    await settled(running, broker, true);
    match(running.said(), /records before these are missing \(45\)/);
    broker.close();
  });

  it("says what to do, and waits", async () => {
    const broker = await kafkaBroker();
    broker.hasTopic = false;
    const running = run(kafkaCase, "127.0.0.1", broker.port);
    running.tick(1);
    const says = (text: string) =>
      until(text, () =>
        running.said().includes(
          `cannot write to the topic "diamond" at 127.0.0.1:${broker.port}: ${text}`,
        ));
    await says("no such topic: create it (3)");
    broker.hasTopic = true;
    await until("it is taken", () => running.worker.ledger.delivered === 1);
    for (
      const [code, text] of [
        [
          CODES.notEnoughReplicas,
          "fewer replicas are in sync than the topic's min.insync.replicas",
        ],
        [CODES.notAuthorized, "not authorized: allow this user to write to the topic (29)"],
      ] as const
    ) {
      broker.answers(code, code);
      running.jump(1000);
      running.tick(1);
      await says(text);
      await until("it is taken", () => running.worker.queued === 0);
    }
    await settled(running, broker, true);
    broker.close();
  });

  it("sends only what is not there yet, where one of several partitions fails", async () => {
    const broker = await kafkaBroker({ partitions: 4 });
    broker.answers(0, CODES.notEnoughReplicas, 0, CODES.notEnoughReplicas);
    const running = run(kafkaCase, "127.0.0.1", broker.port, { keyed_by: "metric" });
    await untilTaken(running, broker);
    await settled(running, broker, true);
    match(running.said(), /error KafkaHandler/);
    broker.close();
  });

  it("drops messages that are too large alone, and counts them", async () => {
    for (const keyed_by of ["host", "metric"]) {
      const broker = await kafkaBroker({ partitions: 4 });
      broker.refuses = /p0000[37]x/;
      const running = run(kafkaCase, "127.0.0.1", broker.port, { keyed_by, timeout: 5 });
      running.tick(10);
      await until("it is through", () => running.worker.queued === 0);
      const { delivered, dropped } = running.worker.ledger;
      deepEqual([delivered, dropped.refused], [8, 2]);
      match(running.said(), /larger than the topic's max.message.bytes/);
      deepEqual([new Set(broker.taken()).size, broker.taken().length], [8, 8]);
      await running.worker.stop(0.1);
      broker.close();
    }
  });

  it("logs in by each mechanism, and says where it cannot", async () => {
    const login = { user: "me", password: "ri=ght" };
    const broker = await kafkaBroker({ login });
    for (const sasl_mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]) {
      const wrong = { user: "me", password: "wrong password", sasl_mechanism };
      const refused = run(kafkaCase, "127.0.0.1", broker.port, wrong);
      refused.tick(1);
      await until("it says so", () => /refuses the login: the login failed/.test(refused.said()));
      ok(!refused.said().includes("wrong password"));
      await refused.worker.stop(0.1);
      const before = broker.taken().length;
      const running = run(kafkaCase, "127.0.0.1", broker.port, { ...login, sasl_mechanism });
      running.tick(POINTS);
      await until("they are there", () => broker.taken().length === before + POINTS);
      await running.end();
    }
    const outside = run(kafkaCase, "127.0.0.1", broker.port);
    outside.tick(1);
    await until(
      "it says so",
      () => /closes the connection: does it want tls, or user and password\?/.test(outside.said()),
    );
    await outside.worker.stop(0.1);
    broker.close();
    const open = await kafkaBroker();
    const needless = run(kafkaCase, "127.0.0.1", open.port, login);
    needless.tick(1);
    await until("it says so", () => /does not know sasl_mechanism = PLAIN/.test(needless.said()));
    await needless.worker.stop(0.1);
    open.close();
  });

  it("takes only a topic's name for one, and needs a broker", () => {
    const { topic } = kafka.options;
    for (const good of ["diamond", "a.b_c-1", "...", "x".repeat(249)]) {
      equal(topic.parse(good), good);
    }
    for (const bad of ["a b", "..", ".", "", "ä", "x".repeat(250)]) {
      throws(() => topic.parse(bad), /is not a topic: up to 249/);
    }
    const options = { ...handlerDefaults(kafka), brokers: [] };
    throws(() => kafka.open({ options } as never), /brokers needs at least one broker/);
  });
});

describeWith("KafkaHandler with TLS", noOpenssl, () => {
  it("speaks only to brokers that are who they should be", async () => {
    const { ca, cert, key, certFile, keyFile } = certificates(directory);
    const broker = await kafkaBroker({
      tls: { cert, key, ca: [readFileSync(ca)], requestCert: true, rejectUnauthorized: true },
    });
    const plain = await kafkaBroker();
    const secure = { tls: true, ca, cert: certFile, key: keyFile, server_name: CERTIFIED_NAME };
    for (
      const [port, options, says] of [
        [broker.port, { ...secure, server_name: "" }, /127\.0\.0\.1|altname/],
        [broker.port, { ...secure, ca: "" }, /certificate|issuer|UNABLE_TO|unknown/i],
        [broker.port, {}, /TLS port|closes the connection: does it want tls/],
        [plain.port, secure, /without TLS|in time|3 s/],
      ] as const
    ) {
      const running = run(kafkaCase, "127.0.0.1", port, { timeout: 3, ...options });
      running.tick(1);
      await until(`it says ${says}`, () => says.test(running.said()));
      await running.worker.stop(0.1);
    }
    deepEqual(broker.taken(), []);
    const running = run(kafkaCase, "127.0.0.1", broker.port, { ...secure, timeout: 5 });
    await untilTaken(running, broker);
    await settled(running, broker, true);
    broker.close();
    plain.close();
  });
});
