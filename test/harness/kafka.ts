/** Kafka's brokers by librdkafka, which keeps them in memory, and kcat, which reads what they have. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endWithTests, root } from "./agent_process.ts";

const PYTHON = "/usr/bin/python3";
const KCAT = "/usr/bin/kcat";
export const noKafka = existsSync(PYTHON) && existsSync(KCAT) ? false : "kcat is not installed";

export interface KafkaMessage {
  readonly key: string;
  readonly text: string;
  /** Milliseconds. */
  readonly time: number;
  readonly partition: number;
}

export async function kafkaMock(brokers = 1) {
  const script = join(root, "test/harness/kafka_mock.py");
  const child = spawn(PYTHON, [script, `${brokers}`], { stdio: ["pipe", "pipe", "ignore"] });
  endWithTests(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value ?? "";
  const places = (await next()).split(",");
  return {
    places,
    ports: places.map((place) => Number(place.split(":")[1])),
    /** `topic diamond 4` and its like. */
    async do(command: string): Promise<void> {
      child.stdin.write(`${command}\n`);
      await next();
    },
    stop: () => void child.kill("SIGKILL"),
  };
}

/** A process before the brokers that can be killed and started again, at the same ports; what they have stays. */
export async function kafkaFront(brokers: readonly number[], ports: readonly number[]) {
  const script = join(root, "test/harness/kafka_front.py");
  const pairs = brokers.map((broker, index) => `${broker}=${ports[index]}`);
  const child = spawn(PYTHON, [script, ...pairs], { stdio: ["ignore", "pipe", "inherit"] });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return {
    async stop(signal: NodeJS.Signals) {
      child.kill(signal);
      await ended;
    },
  };
}

/** All messages of a topic, by partition and in order. */
export function kafkaMessages(place: string, topic = "diamond"): KafkaMessage[] {
  const { stdout, stderr } = spawnSync(KCAT, [
    ...["-C", "-b", place, "-t", topic, "-o", "beginning", "-e", "-q"],
    ...["-X", "check.crcs=true", "-J"],
  ], { encoding: "utf8", maxBuffer: 1e9, timeout: 60_000 });
  if (stderr !== "") throw new Error(stderr);
  const rows = stdout.trim() === ""
    ? []
    : stdout.trim().split("\n").map((line) => JSON.parse(line));
  return rows.map(({ key, payload, ts, partition }) => ({
    key: key ?? "",
    text: payload,
    time: ts,
    partition,
  }));
}

/** An idempotent producer: `key=text` lines, to the partitions that Kafka's own clients choose. Returns its exit status. */
export async function produceByKcat(
  place: string,
  topic: string,
  lines: readonly string[],
  more: readonly string[] = [],
): Promise<number | null> {
  const child = spawn(KCAT, [
    ...["-P", "-b", place, "-t", topic, "-K", "=", ...more],
    ...["-X", "enable.idempotence=true", "-X", "topic.partitioner=murmur2"],
  ], { stdio: ["pipe", "ignore", "ignore"] });
  endWithTests(child);
  child.stdin.on("error", () => {});
  child.stdin.end(lines.map((line) => `${line}\n`).join(""));
  return await new Promise((resolve) => child.on("close", resolve));
}
