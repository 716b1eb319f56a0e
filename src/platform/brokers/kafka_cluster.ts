/** The brokers of a Kafka: who leads a partition of the topic, and a connection to each that is needed. */

import { undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import { NO_LEADER, topicErrorText } from "../../formats/kafka_errors.ts";
import {
  API,
  type Cluster,
  metadataRequest,
  type Place,
  readMetadata,
} from "../../formats/kafka_requests.ts";
import type { KafkaSettings } from "../../ports/brokers.ts";
import { realClock } from "../clock.ts";
import { KafkaConnection } from "./kafka_connection.ts";

/** A topic may have got more partitions. */
const MAX_AGE_MS = 300_000;
/** Brokers that are connected to in the time of a write, if they all say nothing. */
const MAX_SILENT = 4;

export class KafkaCluster {
  readonly #settings: KafkaSettings;
  readonly #connections = new Map<string, KafkaConnection>();
  /** Brokers that could not be connected to when it was last tried. */
  readonly #failed = new Set<string>();
  #known: Cluster | undefined;
  #staleAt = 0;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  /** Asks a broker for the topic's leaders, where that is not known. Throws `undelivered` or `timeout`. */
  async learn(signal: AbortSignal): Promise<void> {
    if (realClock.monotonic() < this.#staleAt) return;
    const { topic } = this.#settings;
    const connection = await this.any(signal);
    const cluster = await connection.ask(
      API.metadata,
      (version) => metadataRequest(topic, version),
      readMetadata,
      signal,
    );
    const { code, leaders } = cluster;
    if (code !== 0 || leaders.size === 0) {
      throw undelivered(topicErrorText(topic, connection.where, code || NO_LEADER));
    }
    this.#staleAt = realClock.monotonic() + MAX_AGE_MS;
    this.#known = cluster;
  }

  /** Leaders may have moved. */
  forget(): void {
    this.#staleAt = 0;
  }

  /** How many the topic has. */
  get partitions(): number {
    return this.#known?.leaders.size ?? 0;
  }

  /** The number of the broker that leads a partition; undefined where none does. */
  leaderOf(partition: number): number | undefined {
    const leader = this.#known?.leaders.get(partition) ?? -1;
    return this.#known?.brokers.has(leader) ? leader : undefined;
  }

  /** Throws as `learn`. */
  connect(broker: number, signal: AbortSignal): Promise<KafkaConnection> {
    return this.#connection(this.#known!.brokers.get(broker)!, signal);
  }

  /** A connection to whichever broker answers. Throws as `learn`. */
  async any(signal: AbortSignal): Promise<KafkaConnection> {
    for (const connection of this.#connections.values()) {
      if (connection.isOpen) return connection;
    }
    const places = [...this.#known?.brokers.values() ?? [], ...this.#settings.targets];
    // Those that say nothing may take up all of the time: the next try begins with others.
    const isLate = (place: Place) => Number(this.#failed.has(addressText(place)));
    let failure: unknown;
    for (const place of places.toSorted((a, b) => isLate(a) - isLate(b))) {
      try {
        return await this.#connection(place, signal);
      } catch (error) {
        failure = error;
        if (signal.aborted) break;
      }
    }
    throw failure;
  }

  close(): void {
    for (const connection of this.#connections.values()) {
      connection.drop(undelivered(`the connection to ${connection.where} is closed`));
    }
  }

  async #connection({ host, port }: Place, signal: AbortSignal): Promise<KafkaConnection> {
    const target = { ...this.#settings.targets[0], host, port };
    const name = addressText(target);
    const known = this.#connections.get(name);
    if (known?.isOpen === true) return known;
    const isFirst = this.#known === undefined;
    const late = new AbortController();
    const patience = setTimeout(() => late.abort(), this.#patienceMs());
    const either = AbortSignal.any([signal, late.signal]);
    try {
      const connection = await KafkaConnection.open(target, this.#settings, isFirst, either);
      this.#connections.set(name, connection);
      this.#failed.delete(name);
      return connection;
    } catch (error) {
      this.#failed.add(name);
      throw error;
    } finally {
      clearTimeout(patience);
    }
  }

  /** For one broker, as others may answer. */
  #patienceMs(): number {
    const { targets, timeoutSeconds } = this.#settings;
    // An answer may name none at all.
    const brokers = this.#known?.brokers.size || targets.length;
    return timeoutSeconds * 1000 / Math.min(brokers, MAX_SILENT);
  }
}
