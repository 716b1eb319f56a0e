/**
 * A sink to several peers of which any one may take a batch: those that are connected take turns, and the others are
 * tried in the background. What a peer has not confirmed when its connection breaks goes to the others.
 */

import { createErrorReporter, type ErrorReporter } from "../core/error_reporter.ts";
import { messageOf, timedOut, undelivered } from "../core/errors.ts";
import type { Break, DeliveryValues, DeliveryWatch, Sink } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import type { Host } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import { StreamPeer, type StreamSettings } from "./stream_sink.ts";

interface BalancedSettings extends StreamSettings {
  readonly options:
    & StreamSettings["options"]
    & Pick<DeliveryValues, "retry_max_interval" | "server_error_interval">;
}

/** A write of which it is not known yet that the peer has read it all. */
interface Unread {
  /** Bytes of all writes before it, by whatever peer. */
  readonly begin: number;
  /** Bytes of its peer with it. */
  readonly end: number;
  /** When it was written. */
  readonly at: number;
}

interface Member {
  readonly number: number;
  readonly peer: StreamPeer;
  readonly reporter: ErrorReporter;
  readonly timeout: number;
  readonly maxPause: number;
  /** Milliseconds after which what it has not read is taken from it. */
  readonly patience: number;
  unread: Unread[];
  /** Breaks and failed connects since it last confirmed something. */
  failures: number;
  retryAt: number;
  connecting: Promise<void> | undefined;
}

/** What has failed gets no more before it has read: the second write proves the first. */
const PROBATION_WRITES = 2;
/** For the answer of a peer's system to a write. */
const LOOK_MS = 1000;

export class BalancedSink implements Sink, DeliveryWatch {
  readonly watch = this;
  peer: number | undefined;
  written = 0;
  readonly #host: Host;
  readonly #members: readonly Member[];
  readonly #connects = new Set<AbortController>();
  #breaks: (Break & { readonly peer: number })[] = [];
  #isClosed = false;

  constructor(host: Host, log: Log, settings: readonly BalancedSettings[]) {
    this.#host = host;
    this.#members = settings.map((one, number) => ({
      number,
      peer: new StreamPeer(host, one),
      reporter: createErrorReporter(
        log,
        () => host.clock.now(),
        one.options.server_error_interval,
      ),
      timeout: one.options.timeout,
      maxPause: one.options.retry_max_interval,
      patience: 1000 * (one.options.resend_seconds + one.options.timeout),
      unread: [],
      failures: 0,
      retryAt: -Infinity,
      connecting: undefined,
    }));
  }

  write(batch: readonly Metric[], signal: AbortSignal): void | Promise<void> {
    this.#connectOthers();
    const member = this.#next();
    return member === undefined
      ? this.#connectAny(batch, signal)
      : this.#send(member, batch, signal);
  }

  /** One peer at a time, for as long as another one is well. */
  broken(): Break | undefined {
    for (const member of this.#members) {
      const found = member.peer.broken();
      if (found === undefined) continue;
      this.#failed(member, found.error);
      this.#breaks.push({ ...found, peer: member.number });
    }
    const first = this.#breaks.shift();
    if (first === undefined) return undefined;
    if (this.#members.some(({ failures, peer }) => failures === 0 && peer.isOpen)) {
      this.#members[first.peer].unread = [];
      return first;
    }
    this.#breaks = [];
    for (const member of this.#members) member.unread = [];
    return { ...first, peer: undefined };
  }

  /** As far as all is read, whoever it went to. */
  read(): number | undefined {
    let all = this.written;
    let isAll = true;
    for (const member of this.#members) {
      const { peer, unread } = member;
      if (unread.length === 0) continue;
      const bytes = peer.read();
      if (bytes === undefined) return undefined;
      // What is known of a peer may be a little too much: its write before that is sure.
      while (unread.length > 1 && unread[1].end <= bytes) {
        unread.shift();
        this.#works(member);
      }
      if (this.#isDeaf(member, bytes)) {
        peer.giveUp("does not read what it is sent");
        return undefined;
      }
      isAll &&= unread[0].end <= bytes;
      all = Math.min(all, unread[0].begin);
    }
    return isAll ? this.written : all;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const connect of this.#connects) connect.abort(timedOut("The agent stops"));
    await Promise.all(this.#members.map(async ({ peer, connecting }) => {
      await connecting?.catch(() => {});
      await peer.closeInOrder();
    }));
  }

  /** How far a peer has read may show with the next write only. */
  #isDeaf({ unread: [first, second], patience }: Member, bytes: number): boolean {
    const now = this.#host.clock.monotonic();
    return first.end > bytes && now - first.at > patience && second !== undefined &&
      now - second.at > LOOK_MS;
  }

  /** The one behind the last one, of those that are connected. One that has failed shows first that it reads. */
  #next(): Member | undefined {
    const { length } = this.#members;
    let onProbation: Member | undefined;
    for (let step = 1; step <= length; step++) {
      const member = this.#members[((this.peer ?? -1) + step) % length];
      if (!member.peer.isOpen) continue;
      if (member.failures === 0 || member.unread.length < PROBATION_WRITES) return member;
      onProbation ??= member;
    }
    return onProbation;
  }

  #send(member: Member, batch: readonly Metric[], signal: AbortSignal): void | Promise<void> {
    const before = member.peer.written;
    try {
      const pending = member.peer.write(batch, signal);
      if (pending === undefined) return this.#note(member, before);
      return pending.then(
        () => this.#note(member, before),
        (error) => this.#sendToOther(error, batch, signal),
      );
    } catch (error) {
      return this.#sendToOther(error, batch, signal);
    }
  }

  /** The one that failed is not connected any more. */
  #sendToOther(
    error: unknown,
    batch: readonly Metric[],
    signal: AbortSignal,
  ): void | Promise<void> {
    const other = signal.aborted ? undefined : this.#next();
    if (other === undefined) throw error;
    return this.#send(other, batch, signal);
  }

  #note({ number, peer, unread }: Member, before: number): void {
    this.peer = number;
    unread.push({ begin: this.written, end: peer.written, at: this.#host.clock.monotonic() });
    this.written += peer.written - before;
  }

  /** None is connected: the first that will be gets the batch. */
  async #connectAny(batch: readonly Metric[], signal: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_, reject) => {
      const fail = () => reject(signal.reason);
      if (signal.aborted) fail();
      else signal.addEventListener("abort", fail, { once: true });
    });
    const first = Promise.any(this.#members.map((member) => this.#connect(member)));
    await Promise.race([first, aborted]).catch((error) => {
      if (!(error instanceof AggregateError)) throw error;
      throw undelivered(error.errors.map(messageOf).join("; "));
    });
    const member = this.#next();
    if (member === undefined) throw undelivered("every connection ended as soon as it was made");
    await this.#send(member, batch, signal);
  }

  /** In the background: their turn comes when they are there. */
  #connectOthers(): void {
    const now = this.#host.clock.monotonic();
    for (const member of this.#members) {
      if (member.peer.isOpen || member.retryAt > now) continue;
      this.#connect(member).catch(() => {});
    }
  }

  #connect(member: Member): Promise<void> {
    return member.connecting ??= this.#connectOnce(member).finally(() => {
      member.connecting = undefined;
    });
  }

  async #connectOnce(member: Member): Promise<void> {
    const { peer, timeout } = member;
    const late = new AbortController();
    this.#connects.add(late);
    const cancel = this.#host.clock.after(
      1000 * timeout,
      () => late.abort(timedOut(`cannot connect to ${peer.name} within ${timeout} s`)),
    );
    try {
      await peer.connect(late.signal);
    } catch (error) {
      this.#failed(member, error);
      throw error;
    } finally {
      cancel();
      this.#connects.delete(late);
    }
  }

  #failed(member: Member, error: unknown): void {
    const seconds = Math.min(2 ** member.failures++, member.maxPause);
    member.retryAt = this.#host.clock.monotonic() + 1000 * seconds;
    if (!this.#isClosed) member.reporter.report("One of several relays", error);
  }

  #works(member: Member): void {
    member.failures = 0;
    member.reporter.clear(member.peer.name);
  }
}
