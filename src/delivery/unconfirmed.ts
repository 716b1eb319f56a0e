/**
 * What a transport took and may still lose, and what is known of the peer that it went to. A peer that
 * answers, or ends one connection after the other before anything is confirmed, is suspect: it gets one
 * batch at a time, and no other until that one is confirmed.
 */

import { type Failure, undelivered } from "../core/errors.ts";
import type { Break, DeliveryWatch, Refusal } from "../core/handler.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ledger } from "./ledger.ts";
import { type Batch, createSentBatches, type SentBatches } from "./sent.ts";

interface UnconfirmedSettings {
  /** Undefined where a write is final. */
  readonly watch: DeliveryWatch | undefined;
  readonly resendSeconds: number;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Its batch needs no place in the spool any more. */
  acked(batch: Batch): void;
  /** It is to be sent again. */
  requeue(batch: Batch): void;
  /** The backend has said that it does not take so many of the points that it was sent. */
  refused(refusal: Refusal): void;
}

/** Connections in a row that may end before anything is confirmed: a receiver that starts again breaks one or two. */
const MAX_BREAKS = 2;
/** A peer that goes on for so long is what it should be, even where nothing is sent again. */
const MIN_PROOF_SECONDS = 3;
/** Connections that last for so long may be those of the right peer. */
const LASTING_MS = 2000;

export class Unconfirmed {
  readonly #settings: UnconfirmedSettings;
  readonly #sent: SentBatches;
  readonly #resends: boolean;
  readonly #proofMs: number;
  #breaks = 0;
  #isSuspect = false;
  #isProven = false;
  #lastWrite = 0;
  /** By the connection that there is; undefined before it. */
  #firstWrite: number | undefined;
  /** Points that the peer has said not to have taken, of those that it was sent. */
  #refused = 0;

  constructor(settings: UnconfirmedSettings) {
    const { watch, resendSeconds, clock } = settings;
    this.#settings = settings;
    this.#sent = createSentBatches(resendSeconds, () => clock.monotonic());
    this.#resends = watch !== undefined && resendSeconds > 0;
    this.#proofMs = 1000 * Math.max(resendSeconds, MIN_PROOF_SECONDS);
  }

  /** Points in memory alone. */
  get held(): number {
    return this.#sent.held;
  }

  /** Points that are in the spool as well. */
  get spooled(): number {
    return this.#sent.spooled;
  }

  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  /** Whether the peer should be looked at before the next write is due. */
  get wantsLook(): boolean {
    return this.#settings.watch !== undefined && !this.#isProven;
  }

  /** Nothing of a batch is to be written any more, and `taken` points of it were taken. */
  add(batch: Batch, taken: number): void {
    const { watch, clock, ledger, acked } = this.#settings;
    this.#lastWrite = clock.monotonic();
    this.#firstWrite ??= this.#lastWrite;
    if (!this.#resends) {
      ledger.delivered += taken;
      acked(batch);
      return;
    }
    ledger.unconfirmed += batch.points;
    this.#sent.add(batch, watch!.written, watch!.peer);
  }

  /** Looks at the connection. Returns why nothing should be written to this peer now. */
  check(): Failure | undefined {
    const { watch, clock, refused } = this.#settings;
    if (watch === undefined) return undefined;
    const found = this.#broken();
    if (found === undefined) {
      const refusal = watch.refused?.();
      if (refusal !== undefined) {
        this.#refused += refusal.points;
        refused(refusal);
      }
      return undefined;
    }
    this.reclaim();
    const lasted = clock.monotonic() - (this.#firstWrite ?? Infinity);
    this.#firstWrite = undefined;
    this.#breaks++;
    this.#isProven = false;
    const isTooMuch = this.#breaks > MAX_BREAKS;
    this.#isSuspect ||= found.answered || isTooMuch;
    if (!this.#isSuspect) return undefined;
    return found.answered || !isTooMuch ? found.error : undelivered(
      `${found.error.message}, ${this.#breaks} times in a row: ` +
        "it looks like the port of another protocol, or like a balancer without a backend" +
        this.#whereItIsNeither(lasted),
    );
  }

  /** Forgets what is safe by now; where memory `isShort`: all that the peer has read. */
  confirm(isShort = false): void {
    if (!this.#resends) return;
    const { watch } = this.#settings;
    for (const batch of this.#sent.ack(() => watch!.read(), isShort)) this.#confirmed(batch);
  }

  /** Whether a suspect has turned out to be what it should be. */
  prove(): boolean {
    const { watch, clock } = this.#settings;
    if (!this.#isSuspect) return true;
    if (clock.monotonic() - this.#lastWrite < this.#proofMs) return false;
    if (this.#resends && (watch!.read() ?? 0) < watch!.written) return false;
    this.#breaks = 0;
    this.#isSuspect = false;
    return true;
  }

  /** Nothing has shown for long that the last batch was read. A window that grew by little shows with the next write only. */
  get wantsWrite(): boolean {
    return this.#settings.clock.monotonic() - this.#lastWrite >= 2 * this.#proofMs;
  }

  /** Everything is to be sent again, or what one peer of several got. */
  reclaim(peer?: number): void {
    const { ledger, requeue } = this.#settings;
    this.#refused = 0;
    for (const batch of this.#sent.reclaim(peer).reverse()) {
      ledger.unconfirmed -= batch.points;
      ledger.resent += batch.points;
      requeue(batch);
    }
  }

  /** The last connection: where it `isClosed`, and in order, all is confirmed. `keeps`: what went to a suspect is kept. */
  end(isClosed: boolean, keeps: boolean): void {
    const { watch } = this.#settings;
    if (watch === undefined) return;
    const isInOrder = isClosed && this.#broken() === undefined;
    if (!isInOrder || (this.#isSuspect && keeps)) return this.reclaim();
    for (const batch of this.#sent.reclaim()) this.#confirmed(batch);
  }

  /** What is wrong with all peers, after what one of several has not confirmed is taken back for the others. */
  #broken(): Break | undefined {
    for (;;) {
      const found = this.#settings.watch?.broken();
      if (found?.peer === undefined) return found;
      this.reclaim(found.peer);
    }
  }

  /** No connection lasts for long enough to confirm anything. */
  #whereItIsNeither(lastedMs: number): string {
    if (!this.#resends || lastedMs < LASTING_MS) return "";
    const seconds = Math.round(lastedMs / 1000);
    return `; where it is neither, set resend_seconds to half of the ${seconds} s that a connection lasts`;
  }

  #confirmed(batch: Batch): void {
    const { ledger, acked } = this.#settings;
    const refused = Math.min(this.#refused, batch.points);
    this.#refused -= refused;
    ledger.unconfirmed -= batch.points;
    ledger.delivered += batch.points - refused;
    ledger.dropped.refused += refused;
    this.#breaks = 0;
    this.#isProven = true;
    acked(batch);
  }
}
