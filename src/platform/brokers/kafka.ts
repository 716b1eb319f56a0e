/**
 * An idempotent producer of Kafka. Records that a broker may have or not are sent again as they were, under their old
 * sequence number, before any others: so the broker leaves out what it has.
 */

import { codeOf, type Failure, refused, undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import {
  isTaken,
  kafkaErrorText,
  type Kind,
  kindOf,
  NO_LEADER,
  topicErrorText,
} from "../../formats/kafka_errors.ts";
import { partitionOf, type Producer, recordBatch } from "../../formats/kafka_records.ts";
import {
  API,
  produceRequest,
  producerIdRequest,
  readProduce,
  readProducerId,
} from "../../formats/kafka_requests.ts";
import { sequenceAfter } from "../../formats/kafka_wire.ts";
import type { Broker, KafkaSettings, Message } from "../../ports/brokers.ts";
import { realClock } from "../clock.ts";
import { zlib } from "../runtime/node_modules.ts";
import { KafkaCluster } from "./kafka_cluster.ts";
import { KnownMessages } from "./kafka_known.ts";

/** In one write, where leaders move. */
const MAX_TRIES = 4;
const PAUSE_MS = 250;
/** Of the time of a write: brokers have to give up before the worker does. */
const SHARE_OF_BROKERS = 0.8;

/** What goes to one partition in one write. */
interface Part {
  readonly partition: number;
  readonly messages: readonly Message[];
  readonly records: Uint8Array;
}

interface Outcome {
  readonly part: Part;
  readonly kind: Kind;
  /** Absent: they are taken. */
  readonly error?: Failure;
}

export async function connectKafka(settings: KafkaSettings, signal: AbortSignal): Promise<Broker> {
  const broker = new KafkaBroker(settings);
  try {
    await broker.begin(signal);
    return broker;
  } catch (error) {
    await broker.close();
    throw error;
  }
}

class KafkaBroker implements Broker {
  readonly isOpen = true;
  readonly isLasting = true;
  readonly #settings: KafkaSettings;
  readonly #cluster: KafkaCluster;
  readonly #known = new KnownMessages();
  #producer: Producer | undefined;
  /** The next number, by partition. */
  readonly #sequences = new Map<number, number>();
  /** What a broker may have or not, by partition. */
  readonly #inDoubt = new Map<number, Part>();

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
    this.#cluster = new KafkaCluster(settings);
  }

  async begin(signal: AbortSignal): Promise<Producer> {
    await this.#cluster.learn(signal);
    return this.#producer ??= await this.#newProducer(signal);
  }

  async publish(messages: readonly Message[], signal: AbortSignal): Promise<void> {
    await this.begin(signal);
    await this.#resolveDoubts(signal);
    const producer = await this.begin(signal);
    const known = this.#known.among(messages);
    const parts = this.#divide(messages.filter((message) => !known.has(message)), producer);
    const taken: Part[] = [];
    try {
      await this.#deliver(parts, taken, signal);
    } catch (error) {
      for (const part of taken) this.#known.add(part.messages);
      throw error;
    }
    this.#known.forget(known);
  }

  close(): Promise<void> {
    this.#cluster.close();
    return Promise.resolve();
  }

  /** The worker does not know of what is taken now: it sends it again, at a time of its own. */
  async #resolveDoubts(signal: AbortSignal): Promise<void> {
    const taken: Part[] = [];
    for (const partition of this.#inDoubt.keys()) {
      // The topic was made again, with fewer of them.
      if (partition >= this.#cluster.partitions) this.#inDoubt.delete(partition);
    }
    try {
      await this.#deliver([...this.#inDoubt.values()], taken, signal);
    } catch (error) {
      if ((error as Failure).code !== "refused") throw error;
    } finally {
      for (const { messages } of taken) this.#known.add(messages);
    }
  }

  #divide(messages: readonly Message[], producer: Producer): Part[] {
    const { gzip: level } = this.#settings;
    const pack = level === 0 ? undefined : (bytes: Uint8Array) => zlib().gzipSync(bytes, { level });
    const { partitions } = this.#cluster;
    const groups = Map.groupBy(messages, ({ key = "" }) => partitionOf(key, partitions));
    return Array.from(groups, ([partition, own]) => {
      const sequence = this.#sequences.get(partition) ?? 0;
      return { partition, messages: own, records: recordBatch(own, producer, sequence, pack) };
    });
  }

  /** Adds to `taken` what is. Throws `refused` only where all the others are taken. */
  async #deliver(parts: readonly Part[], taken: Part[], signal: AbortSignal): Promise<void> {
    let left = parts;
    for (let tries = 1; left.length > 0; tries++) {
      await this.#cluster.learn(signal);
      const groups = Map.groupBy(left, ({ partition }) => this.#cluster.leaderOf(partition));
      const asked = Array.from(groups, ([leader, own]) => this.#ask(leader, own, signal));
      const outcomes = (await Promise.all(asked)).flat();
      for (const outcome of outcomes) this.#settle(outcome, taken);
      const failed = outcomes.filter(({ error }) => error !== undefined);
      if (failed.length === 0) return;
      if (failed.some(({ kind }) => kind === "forgotten")) this.#beginAgain();
      const others = failed.filter(({ kind }) => kind !== "refused");
      if (others.length > 0) this.#cluster.forget();
      const isOver = tries === MAX_TRIES || signal.aborted;
      if (isOver || failed.some(({ kind }) => kind !== "moved")) {
        throw (others[0] ?? failed[0]).error;
      }
      await realClock.sleep(PAUSE_MS, signal);
      left = failed.map(({ part }) => part);
    }
  }

  async #ask(
    leader: number | undefined,
    parts: readonly Part[],
    signal: AbortSignal,
  ): Promise<Outcome[]> {
    const { topic, timeoutSeconds, targets } = this.#settings;
    if (leader === undefined) {
      return parts.map((part) => this.#outcome(part, NO_LEADER, addressText(targets[0])));
    }
    const timeoutMs = Math.ceil(timeoutSeconds * 1000 * SHARE_OF_BROKERS);
    try {
      const connection = await this.#cluster.connect(leader, signal);
      for (const part of parts) this.#inDoubt.set(part.partition, part);
      const body = () => produceRequest(topic, timeoutMs, parts);
      const codes = await connection.ask(API.produce, body, readProduce, signal);
      return parts.map((part) =>
        this.#outcome(part, codes.get(part.partition) ?? NO_LEADER, connection.where)
      );
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      return parts.map((part) => ({ part, kind: "moved", error: error as Failure }));
    }
  }

  #outcome(part: Part, code: number, where: string): Outcome {
    const kind = kindOf(code);
    if (isTaken(code)) return { part, kind };
    const text = topicErrorText(this.#settings.topic, where, code);
    return { part, kind, error: kind === "refused" ? refused(text) : undelivered(text) };
  }

  #settle({ part, kind, error }: Outcome, taken: Part[]): void {
    const { partition, messages } = part;
    const isTaken = error === undefined;
    if (isTaken) {
      const sequence = this.#sequences.get(partition) ?? 0;
      this.#sequences.set(partition, sequenceAfter(sequence, messages.length));
      taken.push(part);
    }
    if (isTaken || kind === "refused") this.#inDoubt.delete(partition);
  }

  /** As another producer, whose numbers begin with 0. */
  #beginAgain(): void {
    this.#producer = undefined;
    this.#sequences.clear();
    this.#inDoubt.clear();
  }

  async #newProducer(signal: AbortSignal): Promise<Producer> {
    const connection = await this.#cluster.any(signal);
    const { code, id, epoch } = await connection.ask(
      API.producerId,
      producerIdRequest,
      readProducerId,
      signal,
    );
    if (code === 0) return { id, epoch };
    throw undelivered(`cannot begin as a producer at ${connection.where}: ${kafkaErrorText(code)}`);
  }
}
