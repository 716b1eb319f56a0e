/** A handler's ledger as it changes: what is dropped, and what an earlier run and its spool bring along. */

import { createErrorReporter, type ErrorReporter } from "../core/error_reporter.ts";
import { messageOf } from "../core/errors.ts";
import type { Log } from "../ports/log.ts";
import {
  type DropReason,
  imbalance,
  type Ledger,
  newLedger,
  type SavedLedger,
  whyDropped,
} from "./ledger.ts";
import type { Outcome } from "./poison.ts";
import type { WorkerSettings } from "./worker_contract.ts";

type AccountSettings = Pick<WorkerSettings, "name" | "log" | "clock" | "options">;

export class Account {
  readonly ledger: Ledger = newLedger();
  readonly #name: string;
  readonly #log: Log;
  readonly #refusals: ErrorReporter;
  /** Points of the books that a spool holds which is not open yet. */
  expected = 0;
  /** Of these: those that were sent, and may have been taken out since. */
  #unsettled = 0;
  /** Why others of them may be gone. */
  #reason: DropReason = "damaged";

  constructor({ name, log, clock, options }: AccountSettings) {
    this.#name = name;
    this.#log = log;
    const period = options.server_error_interval;
    this.#refusals = createErrorReporter(log, () => clock.now(), period);
  }

  /** What the backend has refused of so many points. */
  refused(points: number, { refused, example, reason }: Outcome): void {
    if (refused === 0) return;
    this.drop("refused", refused);
    const first = example === undefined
      ? ""
      : `, the first is "${example.series.path} ${example.value} ${example.timestamp}"`;
    this.tellRefusal(`${refused} of ${points} metrics for good${first}`, reason);
  }

  tellRefusal(what: string, reason: unknown): void {
    this.#refusals.report(this.#name, `The backend refuses ${what}: ${messageOf(reason)}`);
  }

  drop(reason: DropReason, count: number): void {
    const { dropped } = this.ledger;
    if (count === 0) return;
    if (dropped[reason] === 0 && count > 0) {
      this.#log.warn(
        `${this.#name} drops ${count} metrics: ${whyDropped[reason]}. More are counted in status`,
      );
    }
    dropped[reason] += count;
  }

  /** Logs what the ledger cannot account for. */
  audit(queued: number, spooled: number): void {
    const missing = imbalance(this.ledger, queued, spooled);
    if (missing === 0) return;
    this.#log.error(
      `${this.#name}: the ledger does not close: ${missing} metrics are unaccounted for`,
    );
  }

  /** Goes on with the books of an earlier run; `isOpen`: the spool is, and what is in it was counted then. */
  adopt(earlier: SavedLedger, isOpen: boolean): void {
    const { ledger } = this;
    const { collected, delivered, unconfirmed = 0, retries, resent, spooled, unsettled } = earlier;
    ledger.collected += collected;
    // What was in the connection alone has gone its way.
    ledger.delivered += delivered + unconfirmed - unsettled;
    ledger.retries += retries;
    ledger.resent += resent;
    for (const [reason, count] of Object.entries(earlier.dropped)) {
      if (Object.hasOwn(ledger.dropped, reason)) ledger.dropped[reason as DropReason] += count;
    }
    this.drop(earlier.clean ? "stopped" : "killed", earlier.queued);
    if (!earlier.clean) this.#reason = "killed";
    if (isOpen) ledger.collected -= spooled + unsettled;
    else this.expected += spooled + unsettled;
    this.#unsettled += unsettled;
  }

  /** The books say what is in the spool; the spool knows better. */
  reconcile(found: number): void {
    const missing = this.expected - found;
    if (missing > 0) {
      const confirmed = Math.min(missing, this.#unsettled);
      this.ledger.delivered += confirmed;
      this.drop(this.#reason, missing - confirmed);
    } else this.ledger.collected -= missing;
    this.expected = 0;
    this.#unsettled = 0;
    this.#reason = "damaged";
  }
}
