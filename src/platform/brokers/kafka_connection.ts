/** A connection to one broker of a Kafka: the versions that it speaks, the login, requests and their answers. */

import { codeOf, type Failure, timedOut, undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import { kafkaErrorText } from "../../formats/kafka_errors.ts";
import {
  API,
  type Api,
  readSaslAuthenticate,
  readSaslHandshake,
  readVersions,
  requestBytes,
  saslAuthenticateRequest,
  saslHandshakeRequest,
} from "../../formats/kafka_requests.ts";
import { KafkaReader } from "../../formats/kafka_wire.ts";
import { looksLike } from "../../formats/peer_looks.ts";
import type { KafkaSettings } from "../../ports/brokers.ts";
import type { Stream, Target } from "../../ports/net.ts";
import { abortable } from "../net/abortable.ts";
import { dial } from "../net/dial.ts";
import { createScram } from "../net/scram.ts";

/** Of an answer: its length, and the number of its request. */
const HEAD_BYTES = 8;
const MAX_ANSWER_BYTES = 4_194_304;

export class KafkaConnection {
  readonly where: string;
  readonly #stream: Stream;
  readonly #isFirst: boolean;
  readonly #waiting = new Map<number, ReturnType<typeof Promise.withResolvers<KafkaReader>>>();
  #versions: ReadonlyMap<number, readonly [number, number]> = new Map();
  #failure: Failure | undefined;
  #number = 0;

  private constructor(stream: Stream, where: string, isFirst: boolean) {
    this.#stream = stream;
    this.where = where;
    this.#isFirst = isFirst;
    void this.#listen();
  }

  /** `isFirst`: nothing has worked with these settings yet. */
  static async open(
    target: Target,
    settings: KafkaSettings,
    isFirst: boolean,
    signal: AbortSignal,
  ): Promise<KafkaConnection> {
    const stream = await dial(target, signal);
    const connection = new KafkaConnection(stream, addressText(target), isFirst);
    try {
      await connection.#begin(settings, signal);
      return connection;
    } catch (error) {
      connection.drop(error as Failure);
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Throws `undelivered` or `timeout`, and is of no more use then. */
  async ask<T>(
    api: Api,
    body: (version: number) => Uint8Array,
    read: (answer: KafkaReader, version: number) => T,
    signal: AbortSignal,
  ): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure;
    const version = this.#versionOf(api);
    const id = this.#number++;
    const waiting = Promise.withResolvers<KafkaReader>();
    this.#waiting.set(id, waiting);
    const late = () => timedOut(`${this.where} did not answer in time`);
    const written = this.#stream.write(requestBytes(api, version, id, body(version)));
    written.catch((error) => this.drop(error));
    try {
      return read(await abortable(waiting.promise, signal, late), version);
    } catch (error) {
      const failure = codeOf(error) === "bad-data"
        ? undelivered(`${this.where} does not speak Kafka's protocol`, error)
        : error as Failure;
      this.drop(failure);
      throw failure;
    }
  }

  drop(failure: Failure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
    this.#stream[Symbol.dispose]();
  }

  async #begin(settings: KafkaSettings, signal: AbortSignal): Promise<void> {
    const { code, versions } = await this.ask(
      API.versions,
      () => new Uint8Array(),
      readVersions,
      signal,
    );
    if (code !== 0) throw undelivered(`${this.where} says: ${kafkaErrorText(code)}`);
    this.#versions = versions;
    if (settings.user !== "") await this.#logIn(settings, signal);
  }

  #versionOf({ name, key, min, max }: Api): number {
    if (key === API.versions.key) return max;
    const [low, high] = this.#versions.get(key) ?? [-1, -1];
    const version = Math.min(max, high);
    if (version >= Math.max(min, low)) return version;
    throw undelivered(
      `${this.where} speaks ${name} ${low} to ${high}, and not ${min} to ${max}: Kafka 0.11 is the oldest that will do`,
    );
  }

  /** Source: https://kafka.apache.org/protocol#sasl_handshake */
  async #logIn(settings: KafkaSettings, signal: AbortSignal): Promise<void> {
    const { mechanism, user, password } = settings;
    const { code, mechanisms } = await this.ask(
      API.saslHandshake,
      () => saslHandshakeRequest(mechanism),
      readSaslHandshake,
      signal,
    );
    if (code !== 0) {
      throw undelivered(
        `${this.where} does not know sasl_mechanism = ${mechanism}: it takes ${
          mechanisms.join(", ")
        }`,
      );
    }
    const say = (text: string) => this.#authenticate(text, signal);
    if (mechanism === "PLAIN") return void await say(`\0${user}\0${password}`);
    const scram = createScram(mechanism, user, password);
    try {
      const answer = scram.final(await say(scram.first));
      scram.verify(await say(answer));
    } catch (error) {
      if (codeOf(error) !== "bad-data") throw error;
      throw undelivered(`cannot log in at ${this.where}`, error);
    }
  }

  async #authenticate(text: string, signal: AbortSignal): Promise<string> {
    const { code, bytes } = await this.ask(
      API.saslAuthenticate,
      () => saslAuthenticateRequest(Buffer.from(text)),
      readSaslAuthenticate,
      signal,
    );
    if (code === 0) return Buffer.from(bytes).toString();
    // What the broker says besides may have the password in it.
    throw undelivered(`${this.where} refuses the login: ${kafkaErrorText(code)}`);
  }

  async #listen(): Promise<void> {
    let waiting = Buffer.alloc(0);
    try {
      for (;;) {
        const bytes = await this.#stream.read();
        if (bytes === undefined) throw undelivered(this.#closedText());
        waiting = Buffer.concat([waiting, bytes]);
        while (waiting.length >= HEAD_BYTES) {
          const end = 4 + waiting.readInt32BE(0);
          const asked = this.#waiting.get(waiting.readInt32BE(4));
          if (asked === undefined || end < HEAD_BYTES || end > MAX_ANSWER_BYTES) {
            throw undelivered(`${this.where} ${looksLike(waiting.toString("latin1"))}`);
          }
          if (waiting.length < end) break;
          this.#waiting.delete(waiting.readInt32BE(4));
          asked.resolve(new KafkaReader(waiting.subarray(HEAD_BYTES, end)));
          waiting = waiting.subarray(end);
        }
      }
    } catch (error) {
      this.drop(error as Failure);
    }
  }

  /** A broker says nothing to a client that should have logged in, or spoken TLS. */
  #closedText(): string {
    const text = `${this.where} closes the connection`;
    return this.#isFirst ? `${text}: does it want tls, or user and password?` : text;
  }
}
