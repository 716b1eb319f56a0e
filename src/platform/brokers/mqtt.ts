/**
 * MQTT 3.1.1 and 5 over a connection of our own; its packets by mqtt-packet. A broker reads in order, so that
 * its answer to a ping says that it has what was published before, even where it confirms no message.
 */

import type { Packet } from "mqtt-packet";
import { type Failure, refused, timedOut, undelivered } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import type { Broker, Message, MqttSettings } from "../../ports/brokers.ts";
import type { Stream } from "../../ports/net.ts";
import { dial } from "../net/dial.ts";
import { abortable } from "../net/abortable.ts";
import { isAboutMessage, isError, reasonText } from "./mqtt_reasons.ts";

const KEEPALIVE_SECONDS = 60;
/** Messages that wait for their confirmation at the same time. */
const MAX_WINDOW = 1000;
/** With the three steps of QoS 2, where a broker does not say how many: mosquitto takes 20. */
const CAUTIOUS_WINDOW = 10;

type Codec = typeof import("mqtt-packet");
type Qos = MqttSettings["qos"];
type Answer = Extract<Packet, { cmd: "connack" | "pingresp" | "puback" | "pubrec" | "pubcomp" }>;
type Waiting = ReturnType<typeof Promise.withResolvers<Answer>>;

export async function connectMqtt(settings: MqttSettings, signal: AbortSignal): Promise<Broker> {
  const codec = await import("mqtt-packet");
  const stream = await dial(settings.target, signal);
  const broker = new MqttBroker(codec, stream, settings);
  try {
    await broker.begin(signal);
    return broker;
  } catch (error) {
    broker.drop(error as Failure);
    throw error;
  }
}

class MqttBroker implements Broker {
  readonly #codec: Codec;
  readonly #stream: Stream;
  readonly #settings: MqttSettings;
  readonly #where: string;
  /** By the message's number, or the answer's kind where there is only one at a time. */
  readonly #waiting = new Map<number | "connack" | "pingresp", Waiting>();
  #failure: Failure | undefined;
  #qos: Qos;
  #window = MAX_WINDOW;
  #number = 0;
  #pinging: ReturnType<typeof setInterval> | undefined;

  constructor(codec: Codec, stream: Stream, settings: MqttSettings) {
    this.#codec = codec;
    this.#stream = stream;
    this.#settings = settings;
    this.#where = addressText(settings.target);
    this.#qos = settings.qos;
    void this.#listen();
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  async begin(signal: AbortSignal): Promise<void> {
    const { version, clientId, user, password, will } = this.#settings;
    const answer = this.#answer("connack");
    await this.#send([{
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: version,
      clean: true,
      clientId,
      keepalive: KEEPALIVE_SECONDS,
      ...(user !== "" && { username: user }),
      ...(password !== "" && { password: Buffer.from(password) }),
      will: { topic: will.topic, payload: Buffer.from(will.text), qos: 0, retain: false },
    }]);
    const connack = await this.#inTime(answer, signal);
    if (connack.cmd !== "connack") return;
    const code = connack.reasonCode ?? connack.returnCode ?? 0;
    if (code !== 0) throw undelivered(`${this.#where} refuses the login: ${reasonText(code)}`);
    const { maximumQoS = 2, receiveMaximum, serverKeepAlive } = connack.properties ?? {};
    this.#qos = Math.min(this.#qos, maximumQoS) as Qos;
    const usual = this.#qos === 2 ? CAUTIOUS_WINDOW : MAX_WINDOW;
    this.#window = Math.min(receiveMaximum ?? usual, MAX_WINDOW);
    const seconds = serverKeepAlive ?? KEEPALIVE_SECONDS;
    if (seconds > 0) this.#keepAlive(seconds);
  }

  async publish(messages: readonly Message[], signal: AbortSignal): Promise<void> {
    const bad: number[] = [];
    let reason = 0;
    for (let from = 0; from < messages.length; from += this.#window) {
      const part = messages.slice(from, from + this.#window);
      const codes = await this.#inTime(this.#publishPart(part), signal);
      for (const [index, code] of codes.entries()) {
        if (!isError(code)) continue;
        reason = code;
        if (!isAboutMessage(code)) throw undelivered(this.#says(code));
        bad.push(from + index);
      }
    }
    if (bad.length === 0) return;
    throw Object.assign(refused(this.#says(reason)), { points: bad });
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) return;
    await this.#send([{ cmd: "disconnect" }]).catch(() => {});
    this.drop(undelivered(`the connection to ${this.#where} is closed`));
  }

  drop(failure: Failure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    clearInterval(this.#pinging);
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
    this.#stream[Symbol.dispose]();
  }

  /** Returns a code for each message. */
  async #publishPart(part: readonly Message[]): Promise<number[]> {
    const qos = this.#qos;
    const packets = part.map(({ topic, text }) => ({
      cmd: "publish" as const,
      topic,
      payload: text,
      qos,
      retain: this.#settings.retain,
      dup: false,
      ...(qos > 0 && { messageId: this.#nextNumber() }),
    }));
    const answers = packets.flatMap(({ messageId }) =>
      messageId === undefined ? [] : [this.#answer(messageId)]
    );
    const ping = qos === 0 ? this.#answer("pingresp") : undefined;
    await this.#send([...packets, ...(ping ? [{ cmd: "pingreq" as const }] : [])]);
    await ping;
    return (await Promise.all(answers)).map((answer) =>
      ("reasonCode" in answer ? answer.reasonCode : undefined) ?? 0
    );
  }

  #nextNumber(): number {
    return this.#number = this.#number % 65_535 + 1;
  }

  #answer(to: number | "connack" | "pingresp"): Promise<Answer> {
    const known = this.#waiting.get(to);
    if (known !== undefined) return known.promise;
    const waiting = Promise.withResolvers<Answer>();
    // Its failure is that of the connection, which is handled where no one waits.
    waiting.promise.catch(() => {});
    if (this.#failure === undefined) this.#waiting.set(to, waiting);
    else waiting.reject(this.#failure);
    return waiting.promise;
  }

  async #send(packets: readonly Packet[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const options = { protocolVersion: this.#settings.version };
    const bytes = packets.map((packet) => this.#codec.generate(packet, options));
    await this.#stream.write(Buffer.concat(bytes));
  }

  async #listen(): Promise<void> {
    const parser = this.#codec.parser({ protocolVersion: this.#settings.version });
    parser.on("packet", (packet) => this.#take(packet));
    parser.on("error", () => this.drop(undelivered(`${this.#where} does not speak MQTT`)));
    try {
      for (;;) {
        const bytes = await this.#stream.read();
        if (bytes === undefined) throw undelivered(`${this.#where} closes the connection`);
        parser.parse(Buffer.from(bytes));
      }
    } catch (error) {
      this.drop(error as Failure);
    }
  }

  #take(packet: Packet): void {
    switch (packet.cmd) {
      case "connack":
      case "pingresp":
        return this.#resolve(packet.cmd, packet);
      case "pubrec":
        if (isError(packet.reasonCode ?? 0)) return this.#resolve(packet.messageId!, packet);
        return void this.#send([{ cmd: "pubrel", messageId: packet.messageId }]).catch(() => {});
      case "puback":
      case "pubcomp":
        return this.#resolve(packet.messageId!, packet);
      case "disconnect":
        return this.drop(
          undelivered(`${this.#where} ends the connection: ${reasonText(packet.reasonCode ?? 0)}`),
        );
      default:
        // Nothing else is asked for.
    }
  }

  #resolve(to: number | "connack" | "pingresp", packet: Answer): void {
    this.#waiting.get(to)?.resolve(packet);
    this.#waiting.delete(to);
  }

  /** A broker that hears nothing for one and a half times as long ends the connection. */
  #keepAlive(seconds: number): void {
    this.#pinging = setInterval(() => {
      if (this.#waiting.has("pingresp")) {
        return this.drop(undelivered(`${this.#where} does not answer to a ping`));
      }
      void this.#answer("pingresp");
      this.#send([{ cmd: "pingreq" }]).catch((error) => this.drop(error));
    }, seconds * 1000);
    this.#pinging.unref();
  }

  #inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    return abortable(work, signal, () => timedOut(`${this.#where} did not answer in time`));
  }

  #says(code: number): string {
    return `${this.#where} does not take a message: ${reasonText(code)}`;
  }
}
