/**
 * A sink to a peer that gets a stream and confirms nothing: one connection, made when it is needed. It
 * knows what was written by it, how far the peer has read, and whether the peer is one that takes this.
 */

import { undelivered } from "../core/errors.ts";
import { addressText } from "../core/option.ts";
import type { DeliveryValues, DeliveryWatch, Sink } from "../core/handler.ts";
import type { Host } from "../ports/host.ts";
import type { Connection, Target } from "../ports/net.ts";
import type { Metric } from "../core/metric.ts";
import { looksLike, quotable } from "../formats/peer_looks.ts";

export interface StreamSettings {
  readonly target: Target;
  readonly options:
    & { readonly reconnect_interval: number }
    & Pick<DeliveryValues, "resend_seconds" | "timeout">;
  encode(batch: readonly Metric[]): Uint8Array;
  /** What an answer's line that says of a point that it was not taken begins with; absent: a peer never answers. */
  readonly refusal?: string;
}

/** A peer that closes this soon after a write has hardly read it, even where nothing is sent again. */
const MIN_READING_SECONDS = 3;
const TOO_SOON = "the connection before it can have read what it was sent";

export function openStream(host: Host, settings: StreamSettings): Sink {
  const peer = new StreamPeer(host, settings);
  return {
    watch: peer,
    write: (batch, signal) => peer.write(batch, signal),
    [Symbol.asyncDispose]: () => peer.closeInOrder(),
  };
}

export class StreamPeer implements DeliveryWatch {
  readonly #host: Host;
  readonly #settings: StreamSettings;
  #connection: Connection | undefined;
  #since = 0;
  #break: ReturnType<DeliveryWatch["broken"]>;
  #refused = { points: 0, example: "" };
  /** Points that were written since the peer was listened to last. */
  #linesWritten = 0;
  /** Bytes by earlier connections, and by this one at a time, for the seconds that matter. */
  #before = 0;
  #written: { at: number; total: number }[] = [];

  constructor(host: Host, settings: StreamSettings) {
    this.#host = host;
    this.#settings = settings;
  }

  get written(): number {
    return this.#before + this.#total;
  }

  /** Whether there is a connection, and it is a good one as far as is known. */
  get isOpen(): boolean {
    this.#look();
    return this.#connection !== undefined;
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#connection = await this.#host.net.connect(this.#settings.target, signal);
    this.#since = this.#now();
  }

  write(batch: readonly Metric[], signal: AbortSignal): void | Promise<void> {
    // A peer that went away has said so by its FIN: what is written now would be lost.
    this.#look();
    const { reconnect_interval } = this.#settings.options;
    if (reconnect_interval > 0 && this.#now() - this.#since >= reconnect_interval * 1000) {
      void this.closeInOrder();
    }
    const connection = this.#connection;
    return connection === undefined
      ? this.#begin(batch, signal)
      : this.#send(connection, batch, signal);
  }

  broken(): ReturnType<DeliveryWatch["broken"]> {
    this.#look();
    const told = this.#break;
    this.#break = undefined;
    return told;
  }

  read(): number | undefined {
    const connection = this.#connection;
    if (connection === undefined) return this.written;
    const waiting = connection.unacknowledged();
    if (waiting === undefined) return undefined;
    const { resend_seconds, timeout } = this.#settings.options;
    const limit = this.#now() - (resend_seconds + timeout) * 1000;
    if (this.#total - waiting < (this.#written.findLast(({ at }) => at <= limit)?.total ?? 0)) {
      // It takes nothing, or next to nothing: another connection may do better.
      this.giveUp("does not read what it is sent");
      return undefined;
    }
    return this.written - connection.unread(waiting);
  }

  refused(): ReturnType<NonNullable<DeliveryWatch["refused"]>> {
    const { points, example } = this.#refused;
    if (points === 0) return undefined;
    this.#refused = { points: 0, example: "" };
    return { points, error: undelivered(`${this.name} says "${quotable(example)}"`) };
  }

  /** Ends the connection, since the peer does something wrong. */
  giveUp(what: string): void {
    this.#break ??= this.#breakOf(what, false);
    this.#forget()?.destroy();
  }

  async closeInOrder(): Promise<void> {
    this.#look();
    const connection = this.#forget();
    if (connection === undefined) return;
    const isAllRead = await connection.close();
    const said = connection.heard();
    if (said !== "" && this.#settings.refusal === undefined) {
      this.#break ??= this.#breakOf(looksLike(said), true);
    } else if (!isAllRead) {
      this.#break ??= this.#breakOf("did not end the connection in order", false);
    }
  }

  get name(): string {
    return addressText(this.#settings.target);
  }

  get #total(): number {
    return this.#written.at(-1)?.total ?? 0;
  }

  async #begin(batch: readonly Metric[], signal: AbortSignal): Promise<void> {
    await this.connect(signal);
    await this.#send(this.#connection!, batch, signal);
  }

  /** Without a promise where the kernel takes it at once, as it nearly always does. */
  #send(
    to: Connection,
    batch: readonly Metric[],
    signal: AbortSignal,
  ): void | Promise<void> {
    try {
      const bytes = this.#settings.encode(batch);
      const pending = to.write(bytes, signal);
      const { length } = bytes;
      if (this.#settings.refusal !== undefined) this.#linesWritten += linesIn(bytes);
      if (pending === undefined) return this.#note(length);
      return pending.then(() => this.#note(length), (error) => {
        this.giveUp(`broke ${TOO_SOON}`);
        throw error;
      });
    } catch (error) {
      this.giveUp(`broke ${TOO_SOON}`);
      throw error;
    }
  }

  #note(bytes: number): void {
    const { resend_seconds, timeout } = this.#settings.options;
    const written = this.#written;
    const limit = this.#now() - (resend_seconds + timeout) * 1000;
    while (written.length > 1 && written[1].at <= limit) written.shift();
    written.push({ at: this.#now(), total: this.#total + bytes });
  }

  /** Lets a connection go that has ended, or whose peer turns out to be something else. */
  #look(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const { state } = connection;
    const said = connection.heard();
    if (said !== "" && !this.#isAboutPoints(said)) {
      this.#break = this.#breakOf(looksLike(said), true);
    }
    if (state === "open" && this.#break === undefined) return;
    if (state === "broken") this.#break ??= this.#breakOf(`broke ${TOO_SOON}`, false);
    if (state === "ended" && !this.#isConsumed(connection)) {
      this.#break ??= this.#breakOf(`closed ${TOO_SOON}`, false);
    }
    this.#forget()?.destroy();
  }

  /** The peer had the time to read all before it said that it would read no more. */
  #isConsumed(connection: Connection): boolean {
    const seconds = Math.max(this.#settings.options.resend_seconds, MIN_READING_SECONDS);
    const endedAt = this.#now() - connection.silence();
    return endedAt - (this.#written.at(-1)?.at ?? 0) >= seconds * 1000;
  }

  /** Whether an answer is of the protocol; where it says that all points were refused, it is a break too. */
  #isAboutPoints(said: string): boolean {
    const { refusal } = this.#settings;
    if (refusal === undefined) return false;
    const lines = said.split("\n").filter((line) => line.trim() !== "");
    if (!lines.every((line) => line.startsWith(refusal))) return false;
    const isAll = this.#linesWritten > 0 && lines.length >= this.#linesWritten;
    this.#linesWritten = 0;
    if (isAll) {
      this.#break = this.#breakOf(`refuses everything: it says "${quotable(said)}"`, true);
    } else {
      this.#refused.points += lines.length;
      this.#refused.example ||= lines[0];
    }
    return true;
  }

  #breakOf(what: string, answered: boolean): NonNullable<ReturnType<DeliveryWatch["broken"]>> {
    return { error: undelivered(`${this.name} ${what}`), answered };
  }

  #forget(): Connection | undefined {
    const old = this.#connection;
    this.#connection = undefined;
    this.#before = this.written;
    this.#written = [];
    this.#linesWritten = 0;
    return old;
  }

  #now(): number {
    return this.#host.clock.monotonic();
  }
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 10) lines++;
  return lines;
}
