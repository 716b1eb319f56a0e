/** The brokers that librdkafka keeps in memory take what is sent, and kcat reads it. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { it } from "node:test";
import { dryHost } from "../../src/cli/connect/dry_host.ts";
import kafka from "../../src/handlers/kafka.ts";
import { realBrokers } from "../../src/platform/brokers/brokers.ts";
import { realClock } from "../../src/platform/clock.ts";
import type { Host } from "../../src/ports/host.ts";
import type { ConfigFiles } from "../../src/ports/local_files.ts";
import { until } from "../harness/agent_process.ts";
import { handlerDefaults } from "../harness/defaults.ts";
import { type Case, POINTS, run } from "../harness/delivering.ts";
import { describeWith } from "../harness/describe_with.ts";
import { kafkaBroker } from "../harness/kafka_broker.ts";
import { kafkaMessages, kafkaMock, noKafka, produceByKcat } from "../harness/kafka.ts";
import { metric } from "../harness/metrics.ts";
import { silentLog } from "../harness/recorded_log.ts";

const kafkaCase: Case = {
  name: "Kafka",
  handler: kafka,
  options: (host, port) => ({ brokers: [`${host}:${port}`], timeout: 5 }),
};
/** Requests, and what goes wrong with them. */
const [PRODUCE, PRODUCER_ID] = [0, 22];
const [NOT_LEADER, TIMED_OUT, NOT_AUTHORIZED] = [6, 7, 31];

describeWith("Kafka", noKafka, () => {
  it("has each message in the form that is asked for", async () => {
    const mock = await kafkaMock(3);
    for (
      const [topic, options] of [
        ["lines", {}],
        ["packed", { compression: 6 }],
        ["paths", { keyed_by: "metric" }],
        ["json", { format: "json", compression: 1 }],
      ] as const
    ) {
      await mock.do(`topic ${topic} 8`);
      const running = run(kafkaCase, "127.0.0.1", mock.ports[1], { topic, ...options });
      running.tick(POINTS);
      await until("all are taken", () => running.worker.ledger.delivered === POINTS);
      running.tick(2500);
      await running.end();
      const messages = kafkaMessages(mock.places[0], topic);
      equal(messages.length, POINTS + 2500);
      const isPath = topic === "paths";
      equal(new Set(messages.map(({ partition }) => partition)).size, isPath ? 8 : 1);
      const { key, text, time } = messages.find((one) => one.text.includes("p00007x"))!;
      equal(key, isPath ? "p00007x" : "h");
      const seconds = time / 1000;
      if (topic === "json") {
        const { path, value, timestamp } = JSON.parse(text);
        deepEqual([path, value, timestamp], ["p00007x", 1, seconds]);
      } else equal(text, `p00007x 1 ${seconds}`);
    }
    const ours = kafkaMessages(mock.places[0], "paths");
    await mock.do("topic theirs 8");
    await produceByKcat(mock.places[0], "theirs", ours.map(({ key }) => `${key}=x`));
    const partitions = new Map(ours.map(({ key, partition }) => [key, partition]));
    for (const { key, partition } of kafkaMessages(mock.places[0], "theirs")) {
      equal(partitions.get(key), partition, key);
    }
    mock.stop();
  });

  it("has all of them after its brokers were down, one by one and all at once", async () => {
    const mock = await kafkaMock(3);
    await mock.do("topic diamond 4");
    const running = run(kafkaCase, "127.0.0.1", mock.ports[0], { keyed_by: "metric", timeout: 2 });
    running.tick(POINTS);
    await until("all are taken", () => running.worker.ledger.delivered === POINTS);
    for (const broken of [[1], [2], [3], [1, 2, 3]]) {
      const before = running.worker.ledger.delivered;
      for (const broker of broken) {
        running.tick(POINTS);
        await mock.do(`down ${broker}`);
      }
      running.tick(POINTS);
      await until("it fails", () => {
        running.jump(200);
        return running.worker.trouble !== undefined || running.worker.queued === 0;
      });
      for (const broker of broken) await mock.do(`up ${broker}`);
      await until("it goes on", () => {
        running.tick(1);
        return running.worker.ledger.delivered > before + POINTS;
      });
    }
    await running.end();
    match(
      running.said(),
      /error KafkaHandler: cannot connect to 127\.0\.0\.1:\d+: connection refused/,
    );
    const paths = kafkaMessages(mock.places[0]).map(({ key }) => key);
    deepEqual([...new Set(paths)].sort(), running.offered());
    mock.stop();
  });

  it("moves to another leader without a word, and says what else is wrong", async () => {
    const mock = await kafkaMock(2);
    await mock.do("topic diamond 1");
    await mock.do("lead diamond 0 1");
    const running = run(kafkaCase, "127.0.0.1", mock.ports[0]);
    running.tick(POINTS);
    await until("all are taken", () => running.worker.ledger.delivered === POINTS);
    await mock.do("lead diamond 0 2");
    running.tick(POINTS);
    await until("all are taken", () => running.worker.ledger.delivered === 2 * POINTS);
    await mock.do(`fail ${PRODUCE} ${NOT_LEADER} 2`);
    running.tick(POINTS);
    await until("all are taken", () => running.worker.ledger.delivered === 3 * POINTS);
    ok(!running.said().includes("error"), running.said());
    await mock.do(`fail ${PRODUCE} ${TIMED_OUT} 1`);
    running.tick(POINTS);
    await running.end();
    match(
      running.said(),
      /error .*"diamond" at 127.0.0.1:\d+: the replicas take too long to confirm/,
    );
    equal(kafkaMessages(mock.places[0]).length, 4 * POINTS);

    const missing = run(kafkaCase, "127.0.0.1", mock.ports[0]);
    await mock.do(`fail ${PRODUCER_ID} ${NOT_AUTHORIZED} 1`);
    missing.tick(1);
    await missing.end();
    match(missing.said(), /cannot begin as a producer at .*: allow this user IdempotentWrite/);
    mock.stop();
  });

  it("is only logged in at by a check", async () => {
    const mock = await kafkaMock();
    await mock.do("topic diamond 1");
    const steps: string[] = [];
    const host = dryHost({ brokers: realBrokers, clock: realClock } as unknown as Host, {
      files: {} as ConfigFiles,
      isRunning: false,
      note: ({ what, error = "" }) => void steps.push(`${what.replace(/, \d+ ms/, "")}${error}`),
    });
    const options = { ...handlerDefaults(kafka), brokers: mock.places };
    const sink = kafka.open({ host, options: options as never, log: silentLog });
    await sink.write([metric("a", 1)], new AbortController().signal);
    await sink[Symbol.asyncDispose]();
    deepEqual(steps, [`logs in at ${mock.places[0]}`]);
    deepEqual(kafkaMessages(mock.places[0]), []);
    mock.stop();
  });

  it("is what the broker of the other tests is, also for librdkafka", async () => {
    const broker = await kafkaBroker({ partitions: 4, login: { user: "me", password: "ri=ght" } });
    const produce = (mechanism: string, password: string, ...more: string[]) =>
      produceByKcat(`127.0.0.1:${broker.port}`, "diamond", [`key=${mechanism}`], [
        ...["-X", "security.protocol=SASL_PLAINTEXT", "-X", `sasl.mechanism=${mechanism}`],
        ...["-X", "sasl.username=me", "-X", `sasl.password=${password}`, ...more],
      ]);
    const mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];
    for (const mechanism of mechanisms) {
      equal(await produce(mechanism, "wrong"), 1);
      // It is taken, and sent again as there is no answer.
      broker.swallows = 1;
      const goesOn = "-E";
      equal(await produce(mechanism, "ri=ght", goesOn), 0);
    }
    deepEqual(broker.texts(), mechanisms);
    broker.close();
  });
});
